"""The program that chats: a page to ask in, with each quote marked in its passage."""
