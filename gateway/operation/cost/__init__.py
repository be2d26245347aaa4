"""What an operation costs: at most before it runs, and in truth when it is answered.

    field         max(0, arguments + size * weight) + size * object + needs
    weight        @cost of the field, or else of the type that it returns; without either 1 for objects and 0 for leaves
    object        the fields that are selected on it; of an interface or union, those of the dearest possible type
    size          1 for what is no list; never below 1
    arguments     each argument by its @cost, or else by its type: 1 for an input object and 0 for leaves, for every item of a list,
                  with the input fields inside; a default value counts like a given one, null counts nothing
    needs         what `@requires` and `@fromContext` make the gateway fetch for the field
    a mutation    10 for each field of the mutation type

    size of a list, the largest of
        the slicing arguments that are given, or else have a default in the schema
        @listSize(assumedSize:), or else the settings' assumed_list_size, where none of them is a number of at least 0
        the size that an enclosing field's `sizedFields` gives to the list

A weight below 0 counts as 0; on an argument it is a discount on the argument's own field, and on nothing below that. Fields that a
condition skips and fields that the caller may not see cost nothing. What is introspected costs nothing here: `max_introspection_lists`
bounds it. A subscription costs what one event costs.

    { goods(first: 3) { name seller { name } } }    seller: 1 + 0;  a good: 1 + 0 + 1;  goods: 3 * 2 = 6

`costing` turns a normalised operation into an `estimate.OperationCost`, once a plan. What of it depends on variables is in few numbers:
the sizes of slicing arguments and the weights of input values. A request reads each of them once, and the estimate is a function of
them alone; no value of a request is kept. `actual` sums the same over an answer: its lists, its types, its nulls.

In: a normalised operation, the rules of `supergraph.costs`. Imports nothing above `gateway.operation`.

Source: https://ibm.github.io/graphql-specs/cost-spec.html, decision 0067.
"""
