"""A run written for those who read it: people, pull requests, CI services, and the tools of the field."""
