"""The whole market on one machine: keys, data, and a supervisor of every process, behind `task up`.

It knows every deployable by its command line and its ports alone. It imports of them what prepares their data.
"""
