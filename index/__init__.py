"""The program that builds: files in, a library out."""
