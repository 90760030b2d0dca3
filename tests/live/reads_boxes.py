"""A thread in a module without asserts: the names that pytest puts into those would make every name count."""


def adds_and_reads(box):
    box.add()
    return box.boxed
