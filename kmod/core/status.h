/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private status codes of the core: why something on disk was not accepted.
 * The module and the tool map them to an errno and to words at their edge.
 */
#ifndef DL_CORE_STATUS_H
#define DL_CORE_STATUS_H

#include "dl_port.h"

/* code, text for people: what is wrong (the caller adds where) */
#define DL_STATUS_LIST(X) \
	X(DL_OK,		"fine") \
	X(DL_BAD_MAGIC,		"no such structure here (magic number differs)") \
	X(DL_BAD_CRC,		"checksum mismatch") \
	X(DL_BAD_VERSION,	"format version not known to this release") \
	X(DL_BAD_FEATURE,	"written with a feature this release does not have") \
	X(DL_BAD_SIZE,		"a size or count is out of range") \
	X(DL_BAD_PLACE,		"a location lies outside the log") \
	X(DL_BAD_IDENTITY,	"belongs to another epoch, segment or generation") \
	X(DL_BAD_ORDER,		"out of sequence") \
	X(DL_BAD_RECORD,	"a record descriptor is malformed") \
	X(DL_BAD_SECTION,	"a checkpoint section is malformed") \
	X(DL_NO_SPACE,		"does not fit") \
	X(DL_NOT_FOUND,		"not found") \
	X(DL_IO_ERROR,		"could not be read") \
	X(DL_LOST,		"frames known to be durable are missing") \
	X(DL_BAD_TAG,		"does not decrypt: it was changed, or the key is another's") \
	X(DL_NO_KEY,		"is encrypted, and the key is not at hand")

enum dl_status {
#define X(code, text) code,
	DL_STATUS_LIST(X)
#undef X
	DL_STATUS_COUNT
};

/**
 * dl_status_text() - what a status means, in words
 * @st: status code
 *
 * Context: any.
 * Return: a static string, never NULL.
 */
const char *dl_status_text(enum dl_status st);

#endif
