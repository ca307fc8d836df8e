// SPDX-License-Identifier: GPL-2.0
/*
 * CRC-32C: known answers, pieces, and the two ways to compute it.
 */
#include "crc.h"
#include "crc32c.h"
#include "unit.h"

/* RFC 3720, appendix B.4, and the check value of every catalogue of CRCs. */
static void test_known(void **state)
{
	u8 b[32];
	int i;

	(void)state;
	assert_int_equal(dl_crc32c("123456789", 9), 0xe3069283);
	memset(b, 0, 32);
	assert_int_equal(dl_crc32c(b, 32), 0x8a9136aa);
	memset(b, 0xff, 32);
	assert_int_equal(dl_crc32c(b, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		b[i] = i;
	assert_int_equal(dl_crc32c(b, 32), 0x46dd794e);
	for (i = 0; i < 32; i++)
		b[i] = 31 - i;
	assert_int_equal(dl_crc32c(b, 32), 0x113fdb5c);
	assert_int_equal(dl_crc32c(b, 0), 0);
}

/* One bit at a time, straight from the definition. */
static u32 naive(u32 crc, const u8 *p, size_t n)
{
	while (n--) {
		int bit;

		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return crc;
}

static void test_both(void **state)
{
	static u8 b[300];
	u32 start, n, i;

	(void)state;
	srand(1);
	for (i = 0; i < sizeof(b); i++)
		b[i] = rand();
	for (start = 0; start < 17; start++) {
		for (n = 0; n + start < sizeof(b); n++) {
			u32 seed = start * 0x01234567;
			u32 want = naive(seed, b + start, n);

			assert_int_equal(dl_crc32c_feed(seed, b + start, n), want);
			assert_int_equal(dl_crc32c_feed_tables(seed, b + start, n),
					 want);
		}
	}
}

static void test_pieces(void **state)
{
	static u8 b[100];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(b); i++)
		b[i] = i * 7;
	for (i = 0; i <= sizeof(b); i++) {
		for (k = i; k <= sizeof(b); k++) {
			u32 crc = dl_crc32c_feed(~0U, b, i);

			crc = dl_crc32c_feed(crc, b + i, k - i);
			crc = dl_crc32c_feed(crc, b + k, sizeof(b) - k);
			assert_int_equal(~crc, dl_crc32c(b, sizeof(b)));
		}
	}
}

static void test_around(void **state)
{
	u8 b[64], zeroed[64];
	u32 field, i;

	(void)state;
	for (i = 0; i < sizeof(b); i++)
		b[i] = i * 11 + 1;
	for (field = 0; field <= sizeof(b) - 4; field++) {
		memcpy(zeroed, b, sizeof(b));
		memset(zeroed + field, 0, 4);
		assert_int_equal(dl_crc32c_around(b, sizeof(b), field),
				 dl_crc32c(zeroed, sizeof(b)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_around),
	};

	return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
