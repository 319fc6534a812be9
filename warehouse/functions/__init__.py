"""Standardising of contact details, one pure module per kind of value, and their registration as engine functions.

A value goes in as somebody typed it and comes out standard, or null with the reason; nothing here opens a connection.
"""
