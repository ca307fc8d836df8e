/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encryption of what is on the log device: frames, by the block, and checkpoints.
 *
 * A frame is encrypted on its way to the device, from its memory to a cover's (see
 * frame.h), so what is read from memory is never decrypted, and what a page held
 * before it was written over in the open frame is never encrypted. What is read
 * from the device is decrypted in place. All of it is authenticated.
 *
 * Keys: the volume's own, random, is wrapped with the user's in the superblock,
 * so changing the user's key rewrites nothing else. Made of it, by HMAC-SHA256
 * (as in HKDF-Expand, RFC 5869), are one for the frames and one for the checkpoints
 * of each epoch. An epoch is drawn anew at every activation and durable before its
 * first frame.
 *
 * Nonces: segment id and number of the block in the log. Within an epoch no id is
 * given twice and each block of a segment is written once, so no pair of key and
 * nonce is used twice, also where the log was put back to an older state. Those of
 * checkpoints are random: an epoch has few of them.
 *
 * Tags: of a frame's descriptors in its header, of the blocks of its payload among
 * the descriptors, and of all blocks of segments in memory, by place.
 *
 * Ownership: @places and @epochs are filled by recovery, by the start of a life and
 * by who makes the log grow, before anybody may look; an entry of a place belongs to
 * the segment that is there. None of that has a lock; @big_lock is for @big, is taken
 * with any other mutex held, and nothing is taken under it.
 *
 * Memory: 16 bytes for each 4 KiB of the log, dl_crypt_bytes().
 */
#ifndef DL_CRYPT_H
#define DL_CRYPT_H

#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "core/frame.h"
#include "core/summary.h"
#include "core/super.h"

struct block_device;
struct crypto_aead;
struct scatterlist;

#define DL_KEY_TEXT	256u	/* where the user's key is, NUL included */

struct dl_crypt {
	const char *key;	/* where the user's key is, or "": set by the owner */
	u32 want;		/* DL_CIPHER_*, should the log be formatted */
	bool fresh;		/* a log that has no key yet may be given one */
	bool on;		/* the log is encrypted */
	u8 volume_key[DL_KEY_BYTES];
	struct crypto_aead *cp;	/* for checkpoints of @cp_epoch */
	u64 cp_epoch;
	struct mutex big_lock;	/* for what is larger than a frame: */
	struct scatterlist *big;
	u32 big_pages;		/* that it has room for */
	struct list_head epochs;
	struct xarray places;	/* chunk -> struct dl_place */
	u64 data_start;
	u32 chunk_shift;
	u32 nr_chunks;
	u32 req_bytes;
	mempool_t *work;
};

void dl_crypt_init(struct dl_crypt *c, const char *key, u32 cipher, bool fresh);
/* Forget all keys. */
void dl_crypt_exit(struct dl_crypt *c);
u64 dl_crypt_bytes(const struct dl_crypt *c);

/* "aes-gcm", "chacha20-poly1305"; "none" for what is neither. */
const char *dl_cipher_name(u32 cipher);
/* And back: 0 for what is none. */
u32 dl_cipher_of(const char *name);

/**
 * dl_crypt_unlock() - get the volume's key out of a superblock
 * @c: from dl_crypt_init()
 * @sb: superblock; of one that is blank its key is drawn, and wrapped in it
 * @bdev: log, for messages; every reason to refuse is logged
 *
 * Without DL_FEATURE_CRYPT: does nothing. One that is blank is refused unless .fresh:
 * who has not got the key could have made it, to be rid of all that is in the log.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOKEY no key is named, or there is none of that name; -EINVAL the log
 * is not encrypted, or the key not of the length that was said; -EKEYREJECTED it is
 * not the key, or the log has none; -EKEYREVOKED, -EKEYEXPIRED; -ENOENT the kernel has
 * not got the cipher; -ENOMEM.
 */
int dl_crypt_unlock(struct dl_crypt *c, struct dl_super *sb,
		    struct block_device *bdev);

/**
 * dl_crypt_wrap() - wrap the volume's key with another of the user's
 * @c: unlocked
 * @key: where that is, ":<bytes>:<logon|user>:<description>"
 * @sb: superblock, or a copy: its .crypt is changed on success only
 *
 * Context: process, may sleep. Return: as dl_crypt_unlock().
 */
int dl_crypt_wrap(struct dl_crypt *c, const char *key, struct dl_super *sb);

/* Is @key, which tells where one is, well formed? */
bool dl_crypt_key_ok(const char *key);

/**
 * dl_crypt_reserve() - memory for the tags of a log of that size
 * @c: unlocked, or not encrypted
 * @sb: superblock, with the size
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; what there was stays.
 */
int dl_crypt_reserve(struct dl_crypt *c, const struct dl_super *sb);

/* Have the key for frames of @epoch. Context: process, may sleep. Return: 0, -errno. */
int dl_crypt_epoch(struct dl_crypt *c, u64 epoch);

/*
 * What is at @sectors from @start on is segment @id's, of an epoch that is had. The
 * log calls it with its lock held, before anybody can write there.
 */
void dl_crypt_claim(struct dl_crypt *c, u64 start, u32 sectors, u64 id,
		    u64 epoch);

/**
 * struct dl_sealing - a frame to be encrypted
 * @start: log sector of its head
 * @used: sectors of payload, not zero beyond them in what is written
 * @head: header as packed, and behind it @nr_descs descriptors
 * @pages: payload
 * @out: out: header and slots, DL_FRAME_SLOT_BYTES, and zeros behind them
 * @out_pages: out: payload
 */
struct dl_sealing {
	u64 start;
	u32 used, nr_descs;
	const struct dl_disk_frame *head;
	struct page *const *pages;
	struct dl_disk_frame *out;
	struct page *const *out_pages;
};

/* Encrypt a frame. Context: process, may sleep (on memory pools). Return: 0, -errno. */
int dl_crypt_seal(struct dl_crypt *c, const struct dl_sealing *s);

/**
 * dl_crypt_open() - decrypt a frame's slots in place
 * @c: unlocked
 * @h: its header, checked
 * @sector: of its head
 * @head: its head and tail as read
 * @learn: recovery: take over what it says of its payload; else compare
 *
 * The key of its epoch must be had. Context: process, may sleep.
 * Return: DL_OK, DL_BAD_TAG.
 */
enum dl_status dl_crypt_open(struct dl_crypt *c, const struct dl_frame_head *h,
			     u64 sector, void *head, bool learn);

/**
 * dl_crypt_plain() - decrypt a block of some frame's payload in place
 * @c: unlocked
 * @sector: where it is; its segment is known and does not go meanwhile
 * @block: DL_PAGE_BYTES as read, in one page or kmalloc or vmalloc memory
 *
 * Context: process, may sleep. Return: 0; -EBADMSG: it is not what was written;
 * another error: nobody knows. Then @block holds anything.
 */
int dl_crypt_plain(struct dl_crypt *c, u64 sector, void *block);

/**
 * dl_crypt_seal_summary() - encrypt a summary in place
 * @c: unlocked
 * @h: its header, by dl_summary_end()
 * @start: first sector of its segment
 * @sector: where it will be
 * @buf: all of it, at most DL_CRYPT_SUMMARY bytes
 *
 * Context: process, may sleep. Return: 0, -errno.
 */
int dl_crypt_seal_summary(struct dl_crypt *c, const struct dl_summary_head *h,
			  u64 start, u64 sector, void *buf);

/* And decrypt it; @learn: see dl_crypt_open(). */
enum dl_status dl_crypt_open_summary(struct dl_crypt *c,
				     const struct dl_summary_head *h, u64 start,
				     u32 sectors, u64 sector, void *buf, bool learn);

#define DL_CRYPT_SUMMARY	((4u << 20) + (4u << 20) / 64)

/* Have memory to encrypt checkpoints of @bytes. Return: 0 or -ENOMEM. */
int dl_crypt_fit(struct dl_crypt *c, size_t bytes);

/**
 * dl_crypt_seal_cp() - encrypt a checkpoint in place
 * @c: unlocked, and dl_crypt_fit()
 * @sb: superblock that will point to it, all else filled in; gets nonce and tag
 * @buf: sb->cp_bytes of vmalloc or kmalloc memory, which begins a page
 * @aad: DL_SUPER_BYTES for a moment
 *
 * Context: process, may sleep; nobody else does this or the next.
 * Return: 0, -errno.
 */
int dl_crypt_seal_cp(struct dl_crypt *c, struct dl_super *sb, void *buf,
		     void *aad);

/* And decrypt it. Return: DL_OK, DL_BAD_TAG, DL_NO_SPACE: no memory. */
enum dl_status dl_crypt_open_cp(struct dl_crypt *c, const struct dl_super *sb,
				void *buf, void *aad);

#endif
