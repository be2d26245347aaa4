"""Faults under load: the running market, its clients, one fault after the other, and an oracle that reads the databases afterwards.

`__main__` runs it. `traffic` sends the clients' operations and keeps the journal; `injection` has the faults; `probe` finds out when the
market works again; `oracle` compares the journal with the databases; `report` prints the table.
"""
