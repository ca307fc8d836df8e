// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes and offsets of everything on disk, checked by the compiler. A change
 * here is a change of format.
 */
#include "format.h"
#include "format_foresight.h"

#define SIZE(s, n) \
	static_assert(sizeof(struct s) == (n), "size of " #s)
#define AT(s, m, n) \
	static_assert(offsetof(struct s, m) == (n), #s "." #m)

SIZE(dl_disk_crypt, 128);
AT(dl_disk_crypt, cipher, 0);
AT(dl_disk_crypt, state, 4);
AT(dl_disk_crypt, nonce, 8);
AT(dl_disk_crypt, tag, 20);
AT(dl_disk_crypt, wrapped, 36);
AT(dl_disk_crypt, cp_nonce, 68);
AT(dl_disk_crypt, cp_tag, 80);
AT(dl_disk_crypt, reserved, 96);

SIZE(dl_disk_super, 4096);
AT(dl_disk_super, magic, 0);
AT(dl_disk_super, version, 8);
AT(dl_disk_super, crc, 12);
AT(dl_disk_super, compat, 16);
AT(dl_disk_super, ro_compat, 24);
AT(dl_disk_super, incompat, 32);
AT(dl_disk_super, uuid, 40);
AT(dl_disk_super, generation, 56);
AT(dl_disk_super, flags, 64);
AT(dl_disk_super, block_bytes, 68);
AT(dl_disk_super, chunk_sectors, 72);
AT(dl_disk_super, cp_sectors, 76);
AT(dl_disk_super, log_sectors, 80);
AT(dl_disk_super, data_start, 88);
AT(dl_disk_super, volume_sectors, 96);
AT(dl_disk_super, cp_sector, 104);
AT(dl_disk_super, cp_bytes, 112);
AT(dl_disk_super, cp_crc, 116);
AT(dl_disk_super, epoch, 120);
AT(dl_disk_super, created_ns, 128);
AT(dl_disk_super, written_ns, 136);
AT(dl_disk_super, label, 144);
AT(dl_disk_super, crypt, 176);
AT(dl_disk_super, reserved, 304);

SIZE(dl_disk_checkpoint, 128);
AT(dl_disk_checkpoint, magic, 0);
AT(dl_disk_checkpoint, generation, 8);
AT(dl_disk_checkpoint, horizon_seq, 16);
AT(dl_disk_checkpoint, next_seq, 24);
AT(dl_disk_checkpoint, next_commit, 32);
AT(dl_disk_checkpoint, next_segment_id, 40);
AT(dl_disk_checkpoint, durable_commit, 48);
AT(dl_disk_checkpoint, nr_sections, 56);
AT(dl_disk_checkpoint, reserved0, 60);
AT(dl_disk_checkpoint, reserved, 64);

SIZE(dl_disk_section, 16);
AT(dl_disk_section, type, 0);
AT(dl_disk_section, flags, 4);
AT(dl_disk_section, bytes, 8);

SIZE(dl_disk_segment, 128);
AT(dl_disk_segment, id, 0);
AT(dl_disk_segment, start, 8);
AT(dl_disk_segment, sectors, 16);
AT(dl_disk_segment, tier, 20);
AT(dl_disk_segment, state, 21);
AT(dl_disk_segment, flags, 22);
AT(dl_disk_segment, epoch, 24);
AT(dl_disk_segment, first_commit, 32);
AT(dl_disk_segment, last_commit, 40);
AT(dl_disk_segment, first_seq, 48);
AT(dl_disk_segment, last_seq, 56);
AT(dl_disk_segment, end, 64);
AT(dl_disk_segment, reserved0, 68);
AT(dl_disk_segment, digest, 72);
AT(dl_disk_segment, reserved, 104);

SIZE(dl_disk_sample, 16);
AT(dl_disk_sample, page, 0);
AT(dl_disk_sample, crc, 8);
AT(dl_disk_sample, flags, 12);

SIZE(dl_disk_lost, 16);
AT(dl_disk_lost, page, 0);
AT(dl_disk_lost, mask, 8);
AT(dl_disk_lost, reserved, 9);

SIZE(dl_disk_frame, 128);
AT(dl_disk_frame, magic, 0);
AT(dl_disk_frame, self_crc, 4);
AT(dl_disk_frame, epoch, 8);
AT(dl_disk_frame, commit, 16);
AT(dl_disk_frame, segment_id, 24);
AT(dl_disk_frame, first_seq, 32);
AT(dl_disk_frame, time_ns, 40);
AT(dl_disk_frame, durable_commit, 48);
AT(dl_disk_frame, next_id, 56);
AT(dl_disk_frame, next_start, 64);
AT(dl_disk_frame, next_sectors, 72);
AT(dl_disk_frame, flags, 76);
AT(dl_disk_frame, nr_descs, 80);
AT(dl_disk_frame, payload_sectors, 84);
AT(dl_disk_frame, total_sectors, 88);
AT(dl_disk_frame, desc_crc, 92);
AT(dl_disk_frame, tag, 96);
AT(dl_disk_frame, reserved, 112);

SIZE(dl_disk_desc, 32);
AT(dl_disk_desc, type, 0);
AT(dl_disk_desc, flags, 1);
AT(dl_disk_desc, first, 2);
AT(dl_disk_desc, sectors, 3);
AT(dl_disk_desc, crc, 4);
AT(dl_disk_desc, addr, 8);
AT(dl_disk_desc, payload, 16);
AT(dl_disk_desc, stored, 20);
AT(dl_disk_desc, level, 22);
AT(dl_disk_desc, confidence, 23);
AT(dl_disk_desc, codec, 24);
AT(dl_disk_desc, temperature, 25);
AT(dl_disk_desc, client, 26);
AT(dl_disk_desc, room, 28);
AT(dl_disk_desc, reserved, 29);

SIZE(dl_disk_summary, 128);
AT(dl_disk_summary, magic, 0);
AT(dl_disk_summary, crc, 4);
AT(dl_disk_summary, epoch, 8);
AT(dl_disk_summary, segment_id, 16);
AT(dl_disk_summary, first_commit, 24);
AT(dl_disk_summary, last_commit, 32);
AT(dl_disk_summary, first_seq, 40);
AT(dl_disk_summary, last_seq, 48);
AT(dl_disk_summary, next_id, 56);
AT(dl_disk_summary, next_start, 64);
AT(dl_disk_summary, next_sectors, 72);
AT(dl_disk_summary, nr_frames, 76);
AT(dl_disk_summary, nr_descs, 80);
AT(dl_disk_summary, body_bytes, 84);
AT(dl_disk_summary, end, 88);
AT(dl_disk_summary, flags, 92);
AT(dl_disk_summary, digest, 96);

SIZE(dl_disk_summary_frame, 32);
AT(dl_disk_summary_frame, commit, 0);
AT(dl_disk_summary_frame, first_seq, 8);
AT(dl_disk_summary_frame, time_ns, 16);
AT(dl_disk_summary_frame, payload_start, 24);
AT(dl_disk_summary_frame, nr_descs, 28);

SIZE(dl_disk_summary_tail, 32);
AT(dl_disk_summary_tail, magic, 0);
AT(dl_disk_summary_tail, sectors, 4);
AT(dl_disk_summary_tail, segment_id, 8);
AT(dl_disk_summary_tail, epoch, 16);
AT(dl_disk_summary_tail, crc, 24);
AT(dl_disk_summary_tail, reserved, 28);

SIZE(dl_disk_pins, 32);
AT(dl_disk_pins, marks_seq, 0);
AT(dl_disk_pins, next_id, 8);
AT(dl_disk_pins, reserved, 16);

SIZE(dl_disk_pin, 104);
AT(dl_disk_pin, id, 0);
AT(dl_disk_pin, seq, 8);
AT(dl_disk_pin, time_ns, 16);
AT(dl_disk_pin, sectors, 24);
AT(dl_disk_pin, flags, 32);
AT(dl_disk_pin, reserved, 36);
AT(dl_disk_pin, name, 40);

SIZE(dl_disk_rule, 8);
AT(dl_disk_rule, every, 0);
AT(dl_disk_rule, keep, 4);

SIZE(dl_disk_window, 96);
AT(dl_disk_window, from, 0);
AT(dl_disk_window, seconds, 8);
AT(dl_disk_window, on_full, 12);
AT(dl_disk_window, nr_rules, 16);
AT(dl_disk_window, reserved, 20);
AT(dl_disk_window, rule, 32);

SIZE(dl_disk_moment, 16);
AT(dl_disk_moment, seq, 0);
AT(dl_disk_moment, time_ns, 8);

SIZE(dl_disk_past, 40);
AT(dl_disk_past, from, 0);
AT(dl_disk_past, until, 8);
AT(dl_disk_past, addr, 16);
AT(dl_disk_past, loc, 24);
AT(dl_disk_past, crc, 32);
AT(dl_disk_past, first, 36);
AT(dl_disk_past, sectors, 37);
AT(dl_disk_past, flags, 38);
AT(dl_disk_past, mask, 39);

SIZE(dl_disk_mark, 128);
AT(dl_disk_mark, kind, 0);
AT(dl_disk_mark, reserved0, 4);
AT(dl_disk_mark, id, 8);
AT(dl_disk_mark, time_ns, 16);
AT(dl_disk_mark, sectors, 24);
AT(dl_disk_mark, target, 32);
AT(dl_disk_mark, reserved, 40);
AT(dl_disk_mark, name, 64);

SIZE(dl_disk_grain, 16);
AT(dl_disk_grain, region, 0);
AT(dl_disk_grain, region_hi, 4);
AT(dl_disk_grain, level, 5);
AT(dl_disk_grain, flags, 6);
AT(dl_disk_grain, reserved, 7);
AT(dl_disk_grain, rate, 8);
AT(dl_disk_grain, delta, 12);
AT(dl_disk_grain, reserved1, 14);

SIZE(dl_disk_foresight, 16);
AT(dl_disk_foresight, time_ns, 0);
AT(dl_disk_foresight, nr, 8);
AT(dl_disk_foresight, bytes, 12);

SIZE(dl_disk_imprint, 16);
AT(dl_disk_imprint, id, 0);
AT(dl_disk_imprint, nr, 8);
AT(dl_disk_imprint, known, 12);

SIZE(dl_disk_scrub, 80);
AT(dl_disk_scrub, segment, 0);
AT(dl_disk_scrub, until, 8);
AT(dl_disk_scrub, sectors, 16);
AT(dl_disk_scrub, records, 24);
AT(dl_disk_scrub, damaged, 32);
AT(dl_disk_scrub, mended, 40);
AT(dl_disk_scrub, spare, 48);
AT(dl_disk_scrub, began_ns, 56);
AT(dl_disk_scrub, ended_ns, 64);
AT(dl_disk_scrub, flags, 72);
AT(dl_disk_scrub, reserved, 76);

SIZE(dl_disk_series, 456);
AT(dl_disk_series, n, 0);
AT(dl_disk_series, season, 8);
AT(dl_disk_series, phase, 10);
AT(dl_disk_series, last, 12);
AT(dl_disk_series, least, 24);
AT(dl_disk_series, most, 28);
AT(dl_disk_series, smooth, 32);
AT(dl_disk_series, level, 52);
AT(dl_disk_series, trend, 56);
AT(dl_disk_series, mean, 60);
AT(dl_disk_series, error, 64);
AT(dl_disk_series, own, 116);
AT(dl_disk_series, naive, 120);
AT(dl_disk_series, held, 124);
AT(dl_disk_series, under, 128);
AT(dl_disk_series, over, 132);
AT(dl_disk_series, weight, 136);
AT(dl_disk_series, usual, 208);
AT(dl_disk_series, lap, 328);
AT(dl_disk_series, reserved, 448);

SIZE(dl_disk_cascade_level, 480);
AT(dl_disk_cascade_level, left, 0);
AT(dl_disk_cascade_level, reserved, 4);
AT(dl_disk_cascade_level, amount, 8);
AT(dl_disk_cascade_level, weight, 16);
AT(dl_disk_cascade_level, series, 24);

SIZE(dl_disk_cascade, 2416);
AT(dl_disk_cascade, magic, 0);
AT(dl_disk_cascade, version, 4);
AT(dl_disk_cascade, crc, 8);
AT(dl_disk_cascade, gauge, 12);
AT(dl_disk_cascade, level, 16);
