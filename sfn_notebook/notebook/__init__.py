"""Lines and cells → operations; values that know how to show themselves. Must not know the rules of ASL."""
