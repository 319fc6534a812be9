"""Where every column comes from and goes to, from a raw column to the field of a tool, and the data map.

Read from the compiled SQL of the models and from declarations; how these are compiled is the orchestration's business.
"""
