"""The supplier's portal: register, find, ask, bid, object, sign, deliver, and follow the money."""
