"""What tests need, ours and users': a frozen clock, an endpoint in this process, an account."""
