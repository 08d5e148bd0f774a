"""The parts of Signature Version 4: what a request claims, and its canonical form."""
