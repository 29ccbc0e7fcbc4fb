"""The screens: one module a place, and the prompts that ask before a deed."""
