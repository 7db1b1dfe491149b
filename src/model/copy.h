/*
 * copy.h: deep copies of values and cells into another arena, for what outlives the page or the
 * stream it was read from.
 */
#ifndef MODEL_COPY_H
#define MODEL_COPY_H

#include "model/cell.h"
#include "model/value.h"

const struct value *value_copy(struct arena *a, const struct value *v);
const struct cell *cell_copy(struct arena *a, const struct cell *c);

#endif
