// SPDX-License-Identifier: GPL-2.0
/*
 * Granularity: the table, the policy in force, what checkpoints keep. See
 * grain.h.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat/client.h"
#include "grain.h"

/* Ticks of the monitor; they may wrap around. */
static u32 now(void)
{
	return (u32)mul_u64_u32_shr(get_jiffies_64(),
				    ((u64)DL_HEAT_TICKS << 24) / HZ, 24);
}

static struct dl_heat_set *set_of(const struct dl_grain *g, u32 bucket)
{
	/* As dl_map_shard(): sixteen neighbouring pages share one. */
	return &g->sets[(bucket >> 4) & g->set_mask];
}

static bool has_deltas(const struct dl_policy *p)
{
	u32 i;

	for (i = 0; i < p->nr_rules; i++)
		if (p->rule[i].level > DL_LEVEL_BLOCK)
			return true;
	return false;
}

void dl_grain_prepare(struct dl_grain_rules *r)
{
	dl_heat_scale_set(&r->scale, r->p.window);
	r->deltas = has_deltas(&r->p);
	r->clients = dl_policy_has_clients(&r->p);
	r->bytes = dl_policy_format(&r->p, r->text, sizeof(r->text));
	r->dflt = !strcmp(r->text, dl_policy_default);
}

int dl_grain_init(struct dl_grain *g, const struct dl_map *m)
{
	struct dl_policy_error e;
	struct dl_grain_rules *r;
	u32 sets;

	mutex_init(&g->lock);
	sets = min((m->pm.bucket_mask >> 4) + 1, DL_GRAIN_SETS);
	sets = max(sets, m->shard_mask + 1);
	g->set_mask = sets - 1;
	g->sets = kvcalloc(sets, sizeof(*g->sets), GFP_KERNEL);
	r = kvzalloc(sizeof(*r), GFP_KERNEL);
	if (!g->sets || !r) {
		kvfree(r);
		return -ENOMEM;
	}
	if (dl_policy_parse(&r->p, dl_policy_default, strlen(dl_policy_default),
			    &e) != DL_OK) {
		kvfree(r);
		return -EINVAL;
	}
	dl_grain_prepare(r);
	rcu_assign_pointer(g->rules, r);
	return 0;
}

void dl_grain_exit(struct dl_grain *g)
{
	/* Nobody looks any more. */
	kvfree(rcu_dereference_protected(g->rules, true));
	RCU_INIT_POINTER(g->rules, NULL);
	kvfree(g->sets);
	g->sets = NULL;
}

u64 dl_grain_bytes(const struct dl_grain *g)
{
	return ((u64)g->set_mask + 1) * sizeof(struct dl_heat_set) +
		sizeof(struct dl_grain_rules);
}

struct dl_grained dl_grain_write(struct dl_grain *g, u32 bucket, u64 page,
				 u32 pages, struct bio *bio)
{
	const struct dl_grain_rules *r;
	u64 above[DL_POLICY_ABOVE];
	struct cgroup *client;
	struct dl_policy_subject s;
	struct dl_grained out;
	struct dl_heat *h;
	u32 tick = now();
	u8 level;

	rcu_read_lock();
	r = rcu_dereference(g->rules);
	client = dl_client_of(bio);
	h = dl_heat_touch(set_of(g, bucket), &r->scale, page, pages, tick);
	s = (struct dl_policy_subject) {
		.sector = page << DL_PAGE_SECTOR_SHIFT,
		.client = dl_client_id(client),
		.rate = dl_heat_rate(h, &r->scale, tick),
		.page_rate = dl_heat_page_rate(h, &r->scale,
					       page & (DL_HEAT_PAGES - 1), tick),
		.sequential = dl_heat_sequential(h),
		.above = above,
	};
	if (r->clients)
		s.nr_above = dl_client_above(client, above, ARRAY_SIZE(above));
	dl_policy_decide(&r->p, &s, h->level, &level);
	rcu_read_unlock();
	dl_heat_level_set(h, level, tick);
	out.level = level;
	out.temperature = fls(s.rate);
	out.client = (u16)s.client;
	return out;
}

void dl_grain_delta(struct dl_grain *g, u32 bucket, u64 page, u32 bytes)
{
	struct dl_heat *h = dl_heat_find(set_of(g, bucket),
					 page >> DL_HEAT_REGION_SHIFT);

	if (h)
		dl_heat_delta(h, bytes);
}

u32 dl_grain_page_rate(struct dl_grain *g, u32 bucket, u64 page)
{
	struct dl_heat *h = dl_heat_find(set_of(g, bucket),
					 page >> DL_HEAT_REGION_SHIFT);
	u32 rate = 0;

	rcu_read_lock();
	if (h)
		rate = dl_heat_page_rate(h, &rcu_dereference(g->rules)->scale,
					 page & (DL_HEAT_PAGES - 1), now());
	rcu_read_unlock();
	return rate;
}

u32 dl_grain_max_chain(struct dl_grain *g)
{
	u32 max;

	rcu_read_lock();
	max = rcu_dereference(g->rules)->p.max_chain;
	rcu_read_unlock();
	return max;
}

/* Rates were counted with another scale. */
static void clear(struct dl_grain *g, struct dl_map *m)
{
	u32 i;

	for (i = 0; i <= g->set_mask; i++) {
		struct dl_shard *sh = &m->shards[i & m->shard_mask];

		spin_lock(&sh->lock);
		memset(&g->sets[i], 0, sizeof(g->sets[i]));
		spin_unlock(&sh->lock);
	}
}

void dl_grain_exchange(struct dl_grain *g, struct dl_map *m,
		       struct dl_grain_rules *r)
{
	struct dl_grain_rules *old;

	old = rcu_replace_pointer(g->rules, r, lockdep_is_held(&g->lock));
	synchronize_rcu();
	if (old->p.window != r->p.window)
		clear(g, m);
	kvfree(old);
}

ssize_t dl_grain_text(struct dl_grain *g, char *buf, size_t room)
{
	ssize_t n;

	rcu_read_lock();
	n = strscpy(buf, rcu_dereference(g->rules)->text, room);
	rcu_read_unlock();
	return n;
}

/* ---- the map ---- */

u32 dl_grain_slots(const struct dl_grain *g)
{
	return (g->set_mask + 1) * DL_HEAT_WAYS;
}

/* Way @i, if it has a region: as it is now. */
static bool look(struct dl_grain *g, struct dl_map *m, u32 i,
		 struct dl_grain_region *out)
{
	struct dl_heat *h = &g->sets[i / DL_HEAT_WAYS].way[i % DL_HEAT_WAYS];
	struct dl_shard *sh = &m->shards[(i / DL_HEAT_WAYS) & m->shard_mask];
	const struct dl_grain_rules *r;
	struct dl_policy_subject s = { };
	u32 tick = now(), p, rate;
	bool used;
	u8 level;

	if (!(READ_ONCE(h->flags) & DL_HEAT_USED))
		return false;
	spin_lock(&sh->lock);
	rcu_read_lock();
	r = rcu_dereference(g->rules);
	used = h->flags & DL_HEAT_USED;
	if (used) {
		out->region = dl_heat_region(h);
		out->rate = dl_heat_rate(h, &r->scale, tick);
		out->delta = dl_heat_delta_bytes(h);
		out->level = h->level;
		out->sequential = dl_heat_sequential(h);
		for (p = 0; p < DL_HEAT_PAGES; p++) {
			rate = dl_heat_page_rate(h, &r->scale, p, tick);
			s.page_rate = max(s.page_rate, rate);
		}
		s.sector = out->region << (DL_HEAT_REGION_SHIFT +
					   DL_PAGE_SECTOR_SHIFT);
		s.rate = out->rate;
		s.sequential = out->sequential;
		out->page_rate = s.page_rate;
		out->rule = dl_policy_decide(&r->p, &s, h->level, &level);
	}
	rcu_read_unlock();
	spin_unlock(&sh->lock);
	return used;
}

bool dl_grain_next(struct dl_grain *g, struct dl_map *m, u32 *cursor,
		   struct dl_grain_region *out)
{
	u32 nr = dl_grain_slots(g);

	while (*cursor < nr) {
		if (!(*cursor & 0xfff))
			cond_resched();
		if (look(g, m, (*cursor)++, out))
			return true;
	}
	return false;
}

/* The regions of set @i. */
static u32 gather_set(struct dl_grain *g, struct dl_map *m, u32 i, __le64 *out)
{
	struct dl_shard *sh = &m->shards[i & m->shard_mask];
	u32 tick = now(), n = 0, w;

	spin_lock(&sh->lock);
	rcu_read_lock();
	for (w = 0; w < DL_HEAT_WAYS; w++) {
		const struct dl_heat *h = &g->sets[i].way[w];
		struct dl_imprint_region r;

		if (!(h->flags & DL_HEAT_USED))
			continue;
		r = (struct dl_imprint_region) {
			.region = dl_heat_region(h),
			.rate = dl_heat_rate(h, &rcu_dereference(g->rules)->scale,
					     tick),
			.delta = h->delta,
			.level = h->level,
			.sequential = dl_heat_sequential(h),
		};
		out[n++] = dl_imprint_pack(&r);
	}
	rcu_read_unlock();
	spin_unlock(&sh->lock);
	return n;
}

u32 dl_grain_gather(struct dl_grain *g, struct dl_map *m, __le64 *out)
{
	u32 n = 0, i;

	for (i = 0; i <= g->set_mask; i++) {
		if (!(i & 0x3ff))
			cond_resched();
		n += gather_set(g, m, i, &out[n]);
	}
	return n;
}

/* ---- checkpoints ---- */

static u32 class_of(const struct dl_heat *h)
{
	return fls64(READ_ONCE(h->rate));
}

/*
 * The coolest class of which all have room, with all that are hotter; the hottest
 * if it has not even itself.
 */
static u32 coolest(const struct dl_grain *g)
{
	u32 nr[65] = { }, n = 0, i, w;

	for (i = 0; i <= g->set_mask; i++)
		for (w = 0; w < DL_HEAT_WAYS; w++)
			if (g->sets[i].way[w].flags & DL_HEAT_USED)
				nr[class_of(&g->sets[i].way[w])]++;
	for (i = ARRAY_SIZE(nr); i && n + nr[i - 1] <= g->room; i--)
		n += nr[i - 1];
	return n || !i ? i : i - 1;
}

static void save_policy(struct dl_grain *g, struct dl_cp_writer *w)
{
	const struct dl_grain_rules *r;

	rcu_read_lock();
	r = rcu_dereference(g->rules);
	/* The default is the release's, not the log's. */
	if (!r->dflt) {
		dl_cp_section(w, DL_SECTION_POLICY, 0);
		dl_cp_put_bytes(w, r->text, r->bytes);
	}
	rcu_read_unlock();
}

void dl_grain_save(struct dl_grain *g, struct dl_cp_writer *w)
{
	u32 least = coolest(g), n = 0, i, k;

	save_policy(g, w);
	dl_cp_section(w, DL_SECTION_GRAIN, 0);
	for (i = 0; i <= g->set_mask; i++) {
		/* What changes meanwhile makes the map a little older or younger. */
		for (k = 0; k < DL_HEAT_WAYS && n < g->room; k++) {
			const struct dl_heat *h = &g->sets[i].way[k];
			struct dl_disk_grain d;

			if (!(READ_ONCE(h->flags) & DL_HEAT_USED) ||
			    class_of(h) < least)
				continue;
			dl_heat_pack(h, &d);
			dl_cp_put_bytes(w, &d, sizeof(d));
			n++;
		}
	}
}

void dl_grain_load(struct dl_grain *g, const struct dl_map *m, const void *body,
		   size_t bytes)
{
	const struct dl_disk_grain *d = body;
	u32 tick = now(), bucket;
	size_t i;

	for (i = 0; i < bytes / sizeof(*d); i++) {
		u64 region = dl_heat_disk_region(&d[i]);

		if (region > DL_PAGE_MAX >> DL_HEAT_REGION_SHIFT)
			continue;
		bucket = dl_pmap_bucket(&m->pm, region << DL_HEAT_REGION_SHIFT);
		dl_heat_unpack(set_of(g, bucket), &d[i], tick);
	}
}
