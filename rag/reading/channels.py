"""The scores that the reader's network gives to each token, by their place in its output."""

START, END = 0, 1  # that an answer starts, or ends, at a token; at the first token: that there is none
INSIDE = 2  # that a token belongs to one of all the answers (log-odds)
ANSWERABLE = 3  # at the first token: that the passage answers the question (log-odds)
CHANNELS = 4
