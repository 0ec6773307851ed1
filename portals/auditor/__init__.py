"""The auditor's portal: reads everything, checks what it reads, signs nothing."""
