"""What the network does on this machine: throughput, processor time, latency, memory. `make bench` runs it."""
