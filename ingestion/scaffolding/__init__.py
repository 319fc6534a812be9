"""From a delivered file or a template to a declared source with staging models and tests: a beginning to edit.

Only text is made here, and written all or not at all; loading and building are done by others.
"""
