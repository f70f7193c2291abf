"""The steps by which the tables came about, in order; a step that was released is never edited."""
