"""The whole market on one machine: keys, data, and a supervisor of every process, behind `task up`.

It knows every deployable by its command line and its ports alone. It imports none of them but the kit's migrations.
"""
