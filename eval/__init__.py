"""The program that measures: question sets and figures."""
