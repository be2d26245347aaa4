"""The goods, by hand: one root of the category tree a file, each with its words, prices and typed attributes.

`tree` joins them. Makers and series are invented; a likeness to a real brand is chance.
"""
