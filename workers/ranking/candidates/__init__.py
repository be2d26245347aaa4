"""One source of candidates a file: `rows(question) -> rows of the catalogue`, best first, drawn from the question's scope.

Sources may overlap; `retrieve` keeps the first to name a product, in the order of its table.
"""
