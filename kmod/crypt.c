// SPDX-License-Identifier: GPL-2.0
/*
 * Encryption of blocks, descriptors and checkpoints. See crypt.h.
 */
#include <crypto/aead.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "core/crc.h"
#include "cryptkey.h"

#define WORK_MIN	4
/* Slots of a frame as large as may be, in pages anywhere, and what goes with them. */
#define SG_MAX		(DL_FRAME_MAX_DESCS * sizeof(struct dl_disk_desc) / \
			 PAGE_SIZE + 6)

struct dl_epoch {
	struct list_head list;
	u64 epoch;
	struct crypto_aead *aead;
};

/* A chunk of the log. */
struct dl_place {
	u64 id;				/* the segment there, and its key */
	const struct dl_epoch *epoch;
	u8 tags[][DL_TAG_BYTES];	/* of its blocks */
};

struct dl_work {
	struct scatterlist src[SG_MAX], dst[SG_MAX];
	struct crypto_wait wait;
	struct dl_disk_frame aad;
	u8 nonce[DL_NONCE_BYTES];
	u8 tag[DL_TAG_BYTES];
	struct aead_request req;	/* and the cipher's memory behind it */
};

void dl_crypt_init(struct dl_crypt *c, const char *key, u32 cipher, bool fresh)
{
	c->key = key;
	c->want = cipher;
	c->fresh = fresh;
	INIT_LIST_HEAD(&c->epochs);
	mutex_init(&c->big_lock);
	xa_init(&c->places);
}

void dl_crypt_exit(struct dl_crypt *c)
{
	struct dl_epoch *e, *tmp;
	struct dl_place *p;
	unsigned long i;

	xa_for_each(&c->places, i, p)
		kvfree(p);
	xa_destroy(&c->places);
	list_for_each_entry_safe(e, tmp, &c->epochs, list) {
		crypto_free_aead(e->aead);
		kfree(e);
	}
	crypto_free_aead(c->cp);
	kvfree(c->big);
	mempool_destroy(c->work);
	memzero_explicit(c->volume_key, sizeof(c->volume_key));
}

static size_t place_bytes(const struct dl_crypt *c)
{
	return sizeof(struct dl_place) + ((1UL << c->chunk_shift >>
					   DL_PAGE_SECTOR_SHIFT) * DL_TAG_BYTES);
}

u64 dl_crypt_bytes(const struct dl_crypt *c)
{
	if (!c->on)
		return 0;
	return (u64)c->nr_chunks * (place_bytes(c) + sizeof(void *)) +
		(u64)c->big_pages * sizeof(struct scatterlist) +
		WORK_MIN * (sizeof(struct dl_work) + c->req_bytes);
}

int dl_crypt_reserve(struct dl_crypt *c, const struct dl_super *sb)
{
	u32 nr = dl_super_chunks(sb);
	struct dl_place *p;
	int ret = 0;

	if (!c->on)
		return 0;
	c->data_start = sb->data_start;
	c->chunk_shift = ilog2(sb->chunk_sectors);
	for (; !ret && c->nr_chunks < nr; c->nr_chunks++) {
		p = kvzalloc(place_bytes(c), GFP_KERNEL);
		ret = p ? xa_err(xa_store(&c->places, c->nr_chunks, p,
					  GFP_KERNEL)) : -ENOMEM;
		if (ret) {
			kvfree(p);
			break;
		}
		if (!(c->nr_chunks & 0xff))
			cond_resched();
	}
	return ret;
}

static struct dl_epoch *find_epoch(const struct dl_crypt *c, u64 epoch)
{
	struct dl_epoch *e;

	list_for_each_entry(e, &c->epochs, list)
		if (e->epoch == epoch)
			return e;
	return NULL;
}

/* Requests for @tfm, in a pool that others of the same cipher use as well. */
static int have_work(struct dl_crypt *c, struct crypto_aead *tfm)
{
	u32 need = crypto_aead_reqsize(tfm);

	if (c->work)
		return need <= c->req_bytes ? 0 : -EINVAL;
	/* Another implementation of it may come to be preferred, and need a bit more. */
	c->req_bytes = need + 256;
	c->work = mempool_create_kmalloc_pool(WORK_MIN, sizeof(struct dl_work) +
					      c->req_bytes);
	return c->work ? 0 : -ENOMEM;
}

int dl_crypt_epoch(struct dl_crypt *c, u64 epoch)
{
	struct dl_epoch *e;
	int ret;

	if (!c->on || find_epoch(c, epoch))
		return 0;
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	e->epoch = epoch;
	e->aead = dl_cipher_alloc(c->want);
	if (IS_ERR(e->aead)) {
		ret = PTR_ERR(e->aead);
		kfree(e);
		return ret;
	}
	ret = have_work(c, e->aead);
	if (!ret)
		ret = dl_crypt_derive(c, e->aead, DL_KEY_FRAMES, epoch);
	if (ret) {
		crypto_free_aead(e->aead);
		kfree(e);
		return ret;
	}
	list_add(&e->list, &c->epochs);
	return 0;
}

static struct dl_place *place_of(const struct dl_crypt *c, u64 sector)
{
	return xa_load((struct xarray *)&c->places,
		       (sector - c->data_start) >> c->chunk_shift);
}

static u8 *tag_of(const struct dl_crypt *c, struct dl_place *p, u64 sector)
{
	u32 at = (sector - c->data_start) & ((1U << c->chunk_shift) - 1);

	return p->tags[at >> DL_PAGE_SECTOR_SHIFT];
}

void dl_crypt_claim(struct dl_crypt *c, u64 start, u32 sectors, u64 id,
		    u64 epoch)
{
	const struct dl_epoch *e = find_epoch(c, epoch);
	struct dl_place *p;
	u64 at;

	for (at = start; at < start + sectors; at += 1U << c->chunk_shift) {
		p = place_of(c, at);
		p->id = id;
		p->epoch = e;
	}
}

/* ---- one message ---- */

static struct dl_work *get_work(struct dl_crypt *c)
{
	return mempool_alloc(c->work, GFP_NOIO);
}

/* What a cipher leaves behind would open the one message. */
static void put_work(struct dl_crypt *c, struct dl_work *w)
{
	memzero_explicit(&w->req, sizeof(w->req) + c->req_bytes);
	mempool_free(w, c->work);
}

/* Of a vmalloc area each page lies elsewhere. */
static u32 add(struct scatterlist *sg, u32 n, const void *p, size_t bytes)
{
	while (bytes) {
		u32 len = bytes;

		if (is_vmalloc_addr(p)) {
			len = min_t(size_t, bytes, PAGE_SIZE - offset_in_page(p));
			sg_set_page(&sg[n++], vmalloc_to_page(p), len,
				    offset_in_page(p));
		} else {
			sg_set_buf(&sg[n++], p, len);
		}
		p += len;
		bytes -= len;
	}
	return n;
}

static void set_nonce(struct dl_work *w, u64 id, u64 sector)
{
	__le64 hi = cpu_to_le64(id);
	__le32 lo = cpu_to_le32((u32)(sector >> DL_PAGE_SECTOR_SHIFT));

	memcpy(w->nonce, &hi, sizeof(hi));
	memcpy(w->nonce + sizeof(hi), &lo, sizeof(lo));
}

static int run(struct dl_work *w, struct crypto_aead *tfm, u32 assoc,
	       struct scatterlist *src, struct scatterlist *dst, u32 bytes,
	       bool in)
{
	crypto_init_wait(&w->wait);
	aead_request_set_tfm(&w->req, tfm);
	/* What sleeps for memory could wait for this very log. */
	aead_request_set_callback(&w->req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &w->wait);
	aead_request_set_ad(&w->req, assoc);
	aead_request_set_crypt(&w->req, src, dst,
			       bytes + (in ? 0 : DL_TAG_BYTES), w->nonce);
	return crypto_wait_req(in ? crypto_aead_encrypt(&w->req) :
			       crypto_aead_decrypt(&w->req), &w->wait);
}

/*
 * Encrypt (@in) or decrypt @bytes at @from to @to, which may be the same, with
 * w->nonce, authenticating w->aad as well if @assoc; w->tag is out or in.
 */
static int message(struct dl_work *w, struct crypto_aead *tfm, u32 assoc,
		   const void *from, void *to, u32 bytes, bool in)
{
	struct scatterlist *src = w->src;
	u32 n;

	sg_init_table(w->dst, SG_MAX);
	n = add(w->dst, 0, &w->aad, assoc);
	n = add(w->dst, n, to, bytes);
	n = add(w->dst, n, w->tag, DL_TAG_BYTES);
	sg_mark_end(&w->dst[n - 1]);
	if (from == to) {
		src = w->dst;
	} else {
		sg_init_table(src, SG_MAX);
		n = add(src, 0, &w->aad, assoc);
		n = add(src, n, from, bytes);
		if (!in)
			n = add(src, n, w->tag, DL_TAG_BYTES);
		sg_mark_end(&src[n - 1]);
	}
	return run(w, tfm, assoc, src, w->dst, bytes, in);
}

/* ---- frames ---- */

static u32 blocks(u32 payload)
{
	return DIV_ROUND_UP(payload, DL_PAGE_SECTORS);
}

/* The payload, and its tags to where they are looked for and to @tags. */
static int seal_payload(struct dl_crypt *c, struct dl_work *w,
			const struct dl_sealing *s, u8 *tags)
{
	u64 sector = s->start + DL_PAGE_SECTORS;
	u32 i, n = blocks(s->used), rest;
	int ret = 0;

	for (i = 0; !ret && i < n; i++, sector += DL_PAGE_SECTORS) {
		struct dl_place *p = place_of(c, sector);
		void *from = page_address(s->pages[i]);

		/* What an earlier frame left behind the last sector. */
		rest = i == n - 1 ? n * DL_PAGE_SECTORS - s->used : 0;
		memset(from + DL_PAGE_BYTES - (rest << DL_SECTOR_SHIFT), 0,
		       rest << DL_SECTOR_SHIFT);
		set_nonce(w, p->id, sector);
		ret = message(w, p->epoch->aead, 0, from,
			      page_address(s->out_pages[i]), DL_PAGE_BYTES, true);
		memcpy(tag_of(c, p, sector), w->tag, DL_TAG_BYTES);
		memcpy(tags + i * DL_TAG_BYTES, w->tag, DL_TAG_BYTES);
	}
	return ret;
}

int dl_crypt_seal(struct dl_crypt *c, const struct dl_sealing *s)
{
	u32 descs = s->nr_descs * sizeof(struct dl_disk_desc);
	u32 slots = dl_frame_slots(DL_FRAME_SEALED, s->nr_descs, s->used);
	u32 bytes = slots * sizeof(struct dl_disk_desc);
	struct dl_work *w = get_work(c);
	struct dl_place *p = place_of(c, s->start);
	void *to = s->out + 1;
	int ret;

	memcpy(s->out, s->head, sizeof(*s->head) + descs);
	memset(to + descs, 0, bytes - descs);
	ret = seal_payload(c, w, s, to + descs);
	if (!ret) {
		dl_frame_aad(s->out, &w->aad);
		set_nonce(w, p->id, s->start);
		ret = message(w, p->epoch->aead, sizeof(w->aad), to, to, bytes,
			      true);
	}
	if (!ret)
		dl_frame_seal(s->out, to, slots, w->tag);
	put_work(c, w);
	return ret;
}

/* What the slots say of the payload's blocks. */
static bool take_tags(struct dl_crypt *c, const struct dl_frame_head *h,
		      u64 sector, const u8 *tags, bool learn)
{
	u32 i, n = blocks(h->payload_sectors);

	for (i = 0; i < n; i++, tags += DL_TAG_BYTES) {
		struct dl_place *p;
		u8 *tag;

		sector += DL_PAGE_SECTORS;
		p = place_of(c, sector);
		tag = tag_of(c, p, sector);
		if (learn)
			memcpy(tag, tags, DL_TAG_BYTES);
		else if (p->id != h->segment_id ||
			 memcmp(tag, tags, DL_TAG_BYTES))
			return false;
	}
	return true;
}

enum dl_status dl_crypt_open(struct dl_crypt *c, const struct dl_frame_head *h,
			     u64 sector, void *head, bool learn)
{
	const struct dl_disk_frame *raw = head;
	u32 bytes = dl_frame_head_slots(h) * sizeof(struct dl_disk_desc);
	void *slots = head + sizeof(*raw);
	const struct dl_epoch *e;
	struct dl_work *w;
	int ret;

	e = find_epoch(c, h->epoch);
	if (!e)
		return DL_BAD_TAG;
	if (learn)
		dl_crypt_claim(c, round_down(sector - c->data_start,
					     1ULL << c->chunk_shift) +
			       c->data_start, h->total_sectors +
			       ((sector - c->data_start) &
				((1U << c->chunk_shift) - 1)),
			       h->segment_id, h->epoch);
	w = get_work(c);
	dl_frame_aad(raw, &w->aad);
	set_nonce(w, h->segment_id, sector);
	memcpy(w->tag, raw->tag, DL_TAG_BYTES);
	ret = message(w, e->aead, sizeof(w->aad), slots, slots, bytes, false);
	put_work(c, w);
	if (ret)
		return DL_BAD_TAG;
	return take_tags(c, h, sector, slots + h->nr_descs *
			 sizeof(struct dl_disk_desc), learn) ?
		DL_OK : DL_BAD_TAG;
}

int dl_crypt_plain(struct dl_crypt *c, u64 sector, void *block)
{
	struct dl_place *p = place_of(c, sector);
	struct dl_work *w;
	int ret;

	if (!p || !p->epoch)
		return -EBADMSG;
	w = get_work(c);
	set_nonce(w, p->id, sector);
	memcpy(w->tag, tag_of(c, p, sector), DL_TAG_BYTES);
	ret = message(w, p->epoch->aead, 0, block, block, DL_PAGE_BYTES, false);
	put_work(c, w);
	return ret;
}

/* ---- what is larger ---- */

int dl_crypt_fit(struct dl_crypt *c, size_t bytes)
{
	u32 pages = DIV_ROUND_UP(max_t(size_t, bytes, DL_CRYPT_SUMMARY),
				 PAGE_SIZE) + 4;
	struct scatterlist *sg, *old;

	if (!c->on || pages <= c->big_pages)
		return 0;
	sg = kvmalloc_array(pages, sizeof(*sg), GFP_KERNEL);
	if (!sg)
		return -ENOMEM;
	mutex_lock(&c->big_lock);
	old = c->big;
	c->big = sg;
	c->big_pages = pages;
	mutex_unlock(&c->big_lock);
	kvfree(old);
	return 0;
}

/*
 * Encrypt (@in) or decrypt @bytes at @buf in place, with w->nonce and w->tag;
 * authenticating @assoc bytes at @aad.
 */
static int big_message(struct dl_crypt *c, struct dl_work *w,
		       struct crypto_aead *tfm, const void *aad, u32 assoc,
		       void *buf, u32 bytes, bool in)
{
	int ret;
	u32 n;

	mutex_lock(&c->big_lock);
	sg_init_table(c->big, c->big_pages);
	n = add(c->big, 0, aad, assoc);
	n = add(c->big, n, buf, bytes);
	n = add(c->big, n, w->tag, DL_TAG_BYTES);
	sg_mark_end(&c->big[n - 1]);
	ret = run(w, tfm, assoc, c->big, c->big, bytes, in);
	mutex_unlock(&c->big_lock);
	return ret;
}

/* ---- summaries ---- */

static_assert(sizeof(struct dl_disk_summary) == sizeof(struct dl_disk_frame));

static void summary_aad(struct dl_work *w, const struct dl_disk_summary *d)
{
	struct dl_disk_summary *aad = (void *)&w->aad;

	*aad = *d;
	aad->crc = 0;
}

int dl_crypt_seal_summary(struct dl_crypt *c, const struct dl_summary_head *h,
			  u64 start, u64 sector, void *buf)
{
	const struct dl_epoch *e = find_epoch(c, h->epoch);
	u8 *tags = dl_summary_block_tags(h, buf);
	struct dl_work *w;
	void *body;
	u32 bytes, at;
	int ret;

	/* Of heads and tails, too: what is not payload is of no use, but has a place. */
	for (at = 0; at < h->end; at += DL_PAGE_SECTORS, tags += DL_TAG_BYTES)
		memcpy(tags, tag_of(c, place_of(c, start + at), start + at),
		       DL_TAG_BYTES);
	w = get_work(c);
	body = dl_summary_body(h, buf, &bytes);
	summary_aad(w, buf);
	set_nonce(w, h->segment_id, sector);
	ret = big_message(c, w, e->aead, &w->aad, sizeof(w->aad), body, bytes,
			  true);
	if (!ret)
		dl_summary_seal(h, buf, w->tag);
	put_work(c, w);
	return ret;
}

enum dl_status dl_crypt_open_summary(struct dl_crypt *c,
				     const struct dl_summary_head *h, u64 start,
				     u32 sectors, u64 sector, void *buf, bool learn)
{
	const u8 *tags = dl_summary_block_tags(h, buf);
	const struct dl_epoch *e;
	struct dl_work *w;
	u32 bytes, at;
	void *body;
	int ret;

	e = find_epoch(c, h->epoch);
	if (!e)
		return DL_BAD_TAG;
	w = get_work(c);
	body = dl_summary_body(h, buf, &bytes);
	summary_aad(w, buf);
	set_nonce(w, h->segment_id, sector);
	memcpy(w->tag, body + bytes, DL_TAG_BYTES);
	ret = big_message(c, w, e->aead, &w->aad, sizeof(w->aad), body, bytes,
			  false);
	put_work(c, w);
	if (ret)
		return DL_BAD_TAG;
	if (!learn)
		return DL_OK;
	dl_crypt_claim(c, start, sectors, h->segment_id, h->epoch);
	for (at = 0; at < h->end; at += DL_PAGE_SECTORS, tags += DL_TAG_BYTES)
		memcpy(tag_of(c, place_of(c, start + at), start + at), tags,
		       DL_TAG_BYTES);
	return DL_OK;
}

/* ---- checkpoints ---- */

int dl_crypt_have_cp(struct dl_crypt *c, u64 epoch)
{
	int ret;

	if (c->cp && c->cp_epoch == epoch)
		return 0;
	if (!c->cp) {
		struct crypto_aead *tfm = dl_cipher_alloc(c->want);

		if (IS_ERR(tfm))
			return PTR_ERR(tfm);
		c->cp = tfm;
	}
	/* Set when it is: until then it is nobody's. */
	c->cp_epoch = 0;
	ret = have_work(c, c->cp);
	if (!ret)
		ret = dl_crypt_derive(c, c->cp, DL_KEY_CHECKPOINTS, epoch);
	if (!ret)
		c->cp_epoch = epoch;
	return ret;
}

/* The superblock as far as it is known before its checkpoint is encrypted. */
static void cp_aad(const struct dl_super *sb, void *aad)
{
	struct dl_disk_super *d = aad;

	dl_super_pack(sb, aad);
	d->crc = 0;
	d->cp_crc = 0;
	memset(d->crypt.cp_tag, 0, sizeof(d->crypt.cp_tag));
}

static int checkpoint(struct dl_crypt *c, const struct dl_super *sb, void *buf,
		      void *aad, u8 *tag, bool in)
{
	struct dl_work *w;
	int ret = dl_crypt_have_cp(c, sb->epoch);

	if (ret)
		return ret;
	w = get_work(c);
	cp_aad(sb, aad);
	memcpy(w->nonce, sb->crypt.cp_nonce, DL_NONCE_BYTES);
	memcpy(w->tag, tag, DL_TAG_BYTES);
	ret = big_message(c, w, c->cp, aad, DL_SUPER_BYTES, buf, sb->cp_bytes,
			  in);
	memcpy(tag, w->tag, DL_TAG_BYTES);
	put_work(c, w);
	return ret;
}

int dl_crypt_seal_cp(struct dl_crypt *c, struct dl_super *sb, void *buf,
		     void *aad)
{
	u8 tag[DL_TAG_BYTES] = { 0 };
	int ret;

	get_random_bytes(sb->crypt.cp_nonce, DL_NONCE_BYTES);
	ret = checkpoint(c, sb, buf, aad, tag, true);
	if (ret)
		return ret;
	memcpy(sb->crypt.cp_tag, tag, DL_TAG_BYTES);
	sb->cp_crc = dl_crc32c(buf, sb->cp_bytes);
	return 0;
}

enum dl_status dl_crypt_open_cp(struct dl_crypt *c, const struct dl_super *sb,
				void *buf, void *aad)
{
	u8 tag[DL_TAG_BYTES];
	int ret;

	memcpy(tag, sb->crypt.cp_tag, DL_TAG_BYTES);
	ret = checkpoint(c, sb, buf, aad, tag, false);
	if (!ret)
		return DL_OK;
	return ret == -EBADMSG ? DL_BAD_TAG : DL_NO_SPACE;
}
