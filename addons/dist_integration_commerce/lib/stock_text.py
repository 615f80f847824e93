"""Stock as PostgreSQL writes it, made into the JSON of an answer."""

from decimal import Decimal
from json.encoder import encode_basestring_ascii as quote

from .submission import format_decimal

NULL = "\\N"
NOTHING = "0\t0\t0"


class StockText:
    """Stock of items in some warehouses.

    Quantities stay the text they came as. What they say of a warehouse is turned into JSON once and remembered,
    for most quantities come again and again.

    :param skus: list of the item numbers that were asked for
    :param codes: dict, warehouse id to its code, in the order in which they are shown
    :param buffer: quantity kept back in each warehouse
    """

    def __init__(self, skus, codes, buffer=0.0):
        self._skus = skus
        self._positions = {str(warehouse_id): position for position, warehouse_id in enumerate(codes)}
        self._codes = [quote(code) for code in codes.values()]
        self._buffer = Decimal(repr(buffer))
        self._items = [None] * len(skus)
        self._repeated = set()
        self._coming = {}
        self._fragments = [{} for _code in codes]
        self._numbers = {}

    def read_present(self, text):
        """:param text: lines with tabs between: position of the item from 1, product id, unit id, warehouse id,
        on hand, reserved, for sale. An item and warehouse may come several times; without stock there is no warehouse.
        """
        items, positions, empty = self._items, self._positions, [None] * len(self._codes)
        for line in text.splitlines():
            order, product, unit, warehouse, quantities = line.split("\t", 4)
            index = int(order) - 1
            item = items[index]
            if item is None:
                item = items[index] = (product, unit, empty.copy())
            elif item[0] != product:
                self._repeated.add(index)
            if warehouse != NULL:
                row, position = item[2], positions[warehouse]
                known = row[position]
                row[position] = quantities if known is None else _add(known, quantities)

    def read_coming(self, text):
        """:param text: lines with tabs between: product id, warehouse id, incoming, each pair once"""
        for line in text.splitlines():
            product, warehouse, incoming = line.split("\t")
            self._coming[product, self._positions[warehouse]] = incoming

    @property
    def product_ids(self):
        return {int(item[0]) for item in self._items if item}

    @property
    def unit_ids(self):
        return {int(item[1]) for item in self._items if item}

    def iter_json(self, units):
        """:param units: dict, unit id to name
        :return: iterator of the JSON of each item, in the order in which they were asked for
        """
        units = {str(unit_id): quote(name) for unit_id, name in units.items()}
        for index, (sku, item) in enumerate(zip(self._skus, self._items, strict=True)):
            if item is None or index in self._repeated:
                yield f'{{"sku":{quote(sku)},"error":"unknown_item"}}'
                continue
            available, warehouses = self._get_warehouses(item[0], item[2])
            yield (
                f'{{"sku":{quote(sku)},"unit":{units[item[1]]},"available":"{available}",'
                f'"warehouses":[{warehouses}]}}'
            )

    def _get_warehouses(self, product, row):
        """:return: (available over all warehouses, JSON of the warehouses without the brackets)"""
        coming, all_fragments = self._coming, self._fragments
        parts, total = [], 0
        for position, quantities in enumerate(row):
            key = (quantities, coming.get((product, position))) if coming else quantities
            fragments = all_fragments[position]
            known = fragments.get(key)
            if known is None:
                known = fragments[key] = self._make_fragment(position, product, quantities)
            parts.append(known[0])
            total += known[1]
        number = self._numbers.get(total)
        if number is None:
            number = self._numbers[total] = format_decimal(total)
        return number, ",".join(parts)

    def _make_fragment(self, position, product, quantities):
        on_hand, reserved, sellable = map(Decimal, (quantities or NOTHING).split("\t"))
        incoming = Decimal(self._coming.get((product, position)) or 0)
        available = max(Decimal(0), sellable - self._buffer)
        return (
            f'{{"warehouse":{self._codes[position]},"on_hand":"{format_decimal(on_hand)}",'
            f'"reserved":"{format_decimal(reserved)}","incoming":"{format_decimal(incoming)}",'
            f'"available":"{format_decimal(available)}"}}',
            available,
        )


def _add(first, second):
    pairs = zip(first.split("\t"), second.split("\t"), strict=True)
    return "\t".join(str(Decimal(one) + Decimal(other)) for one, other in pairs)


def array_literal(values):
    """:return: text of a PostgreSQL array: one value to send, whose length the planner sees"""
    texts = [str(value) for value in values]
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') != 2 * max(len(texts) - 1, 0):
        joined = '","'.join(text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return f'{{"{joined}"}}' if texts else "{}"
