// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to programs: ioctls of /dev/deltalog-control, see uapi/deltalog.h.
 *
 * A call visits its volume (dl_volume_enter()) and calls what the messages
 * call. User memory is touched only before and after the visit: it may have to
 * be fetched from the very volume whose removal waits for the visitor.
 */
#include <linux/blkdev.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "control.h"
#include "diff.h"
#include "policy.h"
#include "snapshot.h"
#include "status.h"
#include "target.h"

/* Elements of one call: what the kernel takes memory for. */
#define VOLUMES_MAX	32u
#define SNAPSHOTS_MAX	64u
#define EXTENTS_MAX	16384u
#define REGIONS_MAX	1024u

/* The same for 32-bit programs, and for ever. */
static_assert(sizeof(struct dl_ctl_version) == 32);
static_assert(sizeof(struct dl_ctl_volume) == 168);
static_assert(sizeof(struct dl_ctl_volumes) == 24);
static_assert(sizeof(struct dl_ctl_status) == 584);
static_assert(sizeof(struct dl_ctl_snapshot) == 104);
static_assert(sizeof(struct dl_ctl_snapshot_arg) == 184);
static_assert(sizeof(struct dl_ctl_snapshot_pair) == 248);
static_assert(sizeof(struct dl_ctl_snapshots) == 32);
static_assert(sizeof(struct dl_ctl_extent) == 16);
static_assert(sizeof(struct dl_ctl_diff) == 184);
static_assert(sizeof(struct dl_ctl_wait) == 32);
static_assert(sizeof(struct dl_ctl_policy) == 144);
static_assert(sizeof(struct dl_ctl_region) == 24);
static_assert(sizeof(struct dl_ctl_regions) == 48);
static_assert(sizeof(struct dl_ctl_sample) == 32);
static_assert(sizeof(struct dl_ctl_workload) == 40);
static_assert(sizeof(struct dl_ctl_forecast_entry) == 80);
static_assert(sizeof(struct dl_ctl_forecast) == 32);
/* Lists of a volume begin alike, see dl_control_list(). */
static_assert(offsetof(struct dl_ctl_snapshots, buffer) == 16);
static_assert(offsetof(struct dl_ctl_diff, buffer) == 16);
static_assert(offsetof(struct dl_ctl_regions, buffer) == 16);
static_assert(offsetof(struct dl_ctl_workload, buffer) == 16);
static_assert(offsetof(struct dl_ctl_forecast, buffer) == 16);
static_assert(DL_CTL_POLICY_TEXT == DL_POLICY_TEXT);
static_assert(DL_CTL_REGION_SECTORS ==
	      1 << (DL_HEAT_REGION_SHIFT + DL_PAGE_SECTOR_SHIFT));
static_assert(DL_CTL_LEVEL_UNSAID == DL_LEVEL_UNSAID &&
	      DL_CTL_LEVEL_COARSE == DL_LEVEL_COARSE &&
	      DL_CTL_LEVEL_BLOCK == DL_LEVEL_BLOCK &&
	      DL_CTL_LEVEL_SUB == DL_LEVEL_SUB &&
	      DL_CTL_LEVEL_BIT == DL_LEVEL_BIT);
static_assert(DL_CTL_SNAPSHOT_NAME == DL_PIN_NAME_BYTES);
static_assert(DL_CTL_SNAPSHOT_DAMAGED == DL_PIN_DAMAGED);
static_assert(DL_CTL_EVENT_MODE == 1 << DL_EVENT_MODE &&
	      DL_CTL_EVENT_PRESSURE == 1 << DL_EVENT_PRESSURE &&
	      DL_CTL_EVENT_FULL == 1 << DL_EVENT_FULL &&
	      DL_CTL_EVENT_ROOM == 1 << DL_EVENT_ROOM);

/* As the caller has them, which may be anything. NULL: none is there. */
static struct dl_volume *enter(u32 major, u32 minor)
{
	if (major > MAJOR(~0U) || minor > MINORMASK)
		return NULL;
	return dl_volume_enter(MKDEV(major, minor), false);
}

/* Does it end within its field, and can it be printed? */
static bool text_ok(const char *name)
{
	size_t n = strnlen(name, DL_CTL_SNAPSHOT_NAME), i;

	for (i = 0; i < n; i++)
		if (!isascii(name[i]) || !isgraph(name[i]))
			return false;
	return n < DL_CTL_SNAPSHOT_NAME;
}

static int give(u64 buffer, const void *from, size_t bytes)
{
	return copy_to_user(u64_to_user_ptr(buffer), from, bytes) ? -EFAULT : 0;
}

int dl_control_list(union dl_control_arg *arg, size_t size, u32 most,
		    int (*list)(struct dl_volume *v, union dl_control_arg *arg,
				void *to, u32 max))
{
	struct dl_ctl_snapshots *a = &arg->snapshots;
	u32 max = min(a->count, most);
	struct dl_volume *v;
	int ret = -ENODEV;
	void *to;

	if (!max)
		return -EINVAL;
	to = kvcalloc(max, size, GFP_KERNEL);
	if (!to)
		return -ENOMEM;
	v = enter(a->major, a->minor);
	if (v) {
		ret = list(v, arg, to, max);
		dl_volume_leave(v);
	}
	if (ret >= 0) {
		a->count = ret;
		ret = give(a->buffer, to, ret * size);
	}
	kvfree(to);
	return ret;
}

static void describe(struct dl_ctl_snapshot *s, const struct dl_pin *pin)
{
	*s = (struct dl_ctl_snapshot) {
		.id = pin->id, .seq = pin->seq, .time_ns = pin->time_ns,
		.sectors = pin->sectors, .views = pin->views,
		.flags = pin->flags & DL_PIN_DAMAGED,
	};
	memcpy(s->name, pin->name, sizeof(s->name));
}

static int do_version(union dl_control_arg *arg)
{
	struct dl_ctl_version *a = &arg->version;

	a->abi = DL_CTL_ABI;
	memcpy(a->target, dl_target_type.version, sizeof(a->target));
	a->page_bytes = DL_PAGE_BYTES;
	a->events = BIT_ULL(DL_EVENT_COUNT) - 1;
	return 0;
}

/* ---- volumes ---- */

static void describe_volume(struct dl_ctl_volume *e, struct dl_volume *v)
{
	dev_t dev = disk_devt(dm_disk(v->md));

	*e = (struct dl_ctl_volume) {
		.major = MAJOR(dev), .minor = MINOR(dev),
		.mode = dl_volume_mode(v), .sectors = v->sectors,
	};
	memcpy(e->log_uuid, v->ck.sb.uuid, sizeof(e->log_uuid));
	/* Fails when it is about to go; then it has no name any more. */
	dm_copy_name_and_uuid(v->md, e->name, NULL);
}

/* The next one at or behind *@dev, which goes on behind it. */
static bool next_volume(u64 *dev, struct dl_ctl_volume *e)
{
	struct dl_volume *v = *dev > U32_MAX ? NULL :
		dl_volume_enter(*dev, true);

	if (!v)
		return false;
	describe_volume(e, v);
	dl_volume_leave(v);
	*dev = (u64)MKDEV(e->major, e->minor) + 1;
	return true;
}

static int do_volume_list(union dl_control_arg *arg)
{
	struct dl_ctl_volumes *a = &arg->volumes;
	u32 max = min(a->count, VOLUMES_MAX), n = 0;
	struct dl_ctl_volume *list, ahead;
	u64 dev = a->cursor, peek;
	int ret;

	if (!max)
		return -EINVAL;
	list = kcalloc(max, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	while (n < max && next_volume(&dev, &list[n]))
		n++;
	peek = dev;
	a->cursor = n == max && next_volume(&peek, &ahead) ? dev : 0;
	a->count = n;
	ret = give(a->buffer, list, n * sizeof(*list));
	kfree(list);
	return ret;
}

static int do_status(union dl_control_arg *arg)
{
	struct dl_ctl_status *a = &arg->status;
	struct dl_volume *v = enter(a->major, a->minor);

	if (!v)
		return -ENODEV;
	dl_status_fill(v, a);
	dl_volume_leave(v);
	return 0;
}

/* ---- snapshots ---- */

static int do_create(union dl_control_arg *arg)
{
	struct dl_ctl_snapshot_arg *a = &arg->snapshot;
	struct dl_volume *v;
	struct dl_pin pin;
	int ret;

	if (a->pad || !text_ok(a->name))
		return -EINVAL;
	v = enter(a->major, a->minor);
	if (!v)
		return -ENODEV;
	ret = dl_snapshot_create(v, a->name, &pin);
	dl_volume_leave(v);
	if (!ret)
		describe(&a->snapshot, &pin);
	return ret;
}

static int do_delete(union dl_control_arg *arg)
{
	struct dl_ctl_snapshot_arg *a = &arg->snapshot;
	struct dl_volume *v;
	int ret;

	if (a->pad || !text_ok(a->name))
		return -EINVAL;
	v = enter(a->major, a->minor);
	if (!v)
		return -ENODEV;
	ret = dl_snapshot_delete(v, a->name);
	dl_volume_leave(v);
	return ret;
}

static bool pair_ok(const struct dl_ctl_snapshot_pair *a)
{
	return !a->pad && text_ok(a->name) && text_ok(a->other);
}

static int do_rename(union dl_control_arg *arg)
{
	struct dl_ctl_snapshot_pair *a = &arg->pair;
	struct dl_volume *v;
	int ret;

	if (!pair_ok(a))
		return -EINVAL;
	v = enter(a->major, a->minor);
	if (!v)
		return -ENODEV;
	ret = dl_snapshot_rename(v, a->name, a->other);
	dl_volume_leave(v);
	return ret;
}

static int do_rewind(union dl_control_arg *arg)
{
	struct dl_ctl_snapshot_pair *a = &arg->pair;
	struct dl_volume *v;
	struct dl_pin pin;
	int ret;

	if (!pair_ok(a))
		return -EINVAL;
	v = enter(a->major, a->minor);
	if (!v)
		return -ENODEV;
	ret = dl_snapshot_rewind(v, a->name, a->other, &pin);
	dl_volume_leave(v);
	if (!ret)
		describe(&a->snapshot, &pin);
	return ret;
}

/* The snapshot with the lowest number from @id on. */
static bool next_snapshot(struct dl_pins *p, u64 id, struct dl_ctl_snapshot *s)
{
	const struct dl_pin *pin, *best = NULL;
	u32 i;

	read_lock(&p->lock);
	for (i = 0; i < p->nr; i++) {
		pin = &p->pin[i];
		if (pin->name[0] && pin->id >= id &&
		    (!best || pin->id < best->id))
			best = pin;
	}
	if (best)
		describe(s, best);
	read_unlock(&p->lock);
	return best;
}

/* By number: the list itself is by sequence, which several may share. */
static int list_pins(struct dl_volume *v, union dl_control_arg *arg, void *to, u32 max)
{
	struct dl_ctl_snapshot *list = to, ahead;
	u64 id = arg->snapshots.cursor;
	u32 n;

	for (n = 0; n < max && next_snapshot(&v->pins, id, &list[n]); n++) {
		id = list[n].id + 1;
		cond_resched();
	}
	arg->snapshots.cursor =
		n == max && next_snapshot(&v->pins, id, &ahead) ? id : 0;
	return n;
}

static int do_snapshot_list(union dl_control_arg *arg)
{
	return dl_control_list(arg, sizeof(struct dl_ctl_snapshot), SNAPSHOTS_MAX,
			       list_pins);
}

static int list_extents(struct dl_volume *v, union dl_control_arg *arg, void *to, u32 max)
{
	struct dl_ctl_diff *a = &arg->diff;
	struct dl_diff d = {
		.from = a->from, .to = a->to,
		.from_id = a->from_id, .to_id = a->to_id,
		.cursor = a->cursor, .out = to, .max = max,
	};
	int ret = dl_diff(v, &d);

	if (ret)
		return ret;
	a->cursor = d.cursor;
	a->from_id = d.from_id;
	a->to_id = d.to_id;
	a->sectors = d.sectors;
	return d.nr;
}

static int do_diff(union dl_control_arg *arg)
{
	if (!text_ok(arg->diff.from) || !text_ok(arg->diff.to))
		return -EINVAL;
	return dl_control_list(arg, sizeof(struct dl_ctl_extent), EXTENTS_MAX,
			       list_extents);
}

/* ---- granularity ---- */

static int do_policy_get(union dl_control_arg *arg)
{
	struct dl_ctl_policy *a = &arg->policy;
	struct dl_volume *v = enter(a->major, a->minor);
	ssize_t n = -ENOMEM;
	char *text;

	if (!v)
		return -ENODEV;
	text = kvmalloc(DL_POLICY_TEXT + 1, GFP_KERNEL);
	if (text)
		n = dl_grain_text(&v->grain, text, DL_POLICY_TEXT + 1);
	dl_volume_leave(v);
	if (n >= 0 && copy_to_user(u64_to_user_ptr(a->text), text,
				   min_t(size_t, a->bytes, n)))
		n = -EFAULT;
	kvfree(text);
	if (n < 0)
		return n;
	a->bytes = n;
	a->line = 0;
	a->column = 0;
	memset(a->reason, 0, sizeof(a->reason));
	return 0;
}

static int set_policy(struct dl_ctl_policy *a, const char *text, size_t bytes)
{
	struct dl_volume *v = enter(a->major, a->minor);
	struct dl_policy_error e;
	int ret;

	if (!v)
		return -ENODEV;
	ret = dl_policy_set(v, text, bytes, &e);
	dl_volume_leave(v);
	a->line = 0;
	a->column = 0;
	memset(a->reason, 0, sizeof(a->reason));
	if (!e.reason)
		return ret;
	a->line = e.line;
	a->column = e.column;
	strscpy(a->reason, e.reason, sizeof(a->reason));
	return 0;
}

static int do_policy_set(union dl_control_arg *arg)
{
	struct dl_ctl_policy *a = &arg->policy;
	/* One more than may be: that is for the parser to refuse. */
	size_t bytes = min(a->bytes, DL_POLICY_TEXT + 1);
	char *text = kvmalloc(bytes + 1, GFP_KERNEL);
	int ret = -EFAULT;

	if (!text)
		return -ENOMEM;
	text[bytes] = 0;
	if (!copy_from_user(text, u64_to_user_ptr(a->text), bytes))
		ret = set_policy(a, text, bytes);
	kvfree(text);
	return ret;
}

static void describe_region(struct dl_ctl_region *e,
			    const struct dl_grain_region *r)
{
	*e = (struct dl_ctl_region) {
		.start = r->region * DL_CTL_REGION_SECTORS,
		.rate = r->rate, .page_rate = r->page_rate,
		.delta = r->delta, .rule = r->rule, .level = r->level,
		.flags = r->sequential ? DL_CTL_REGION_SEQUENTIAL : 0,
	};
}

/* Of now, or of snapshot @id. */
static bool next_region(struct dl_volume *v, u64 id, u32 *at,
			struct dl_ctl_region *e)
{
	struct dl_grain_region r;

	if (id ? !dl_grainpast_next(&v->grainpast, id, at, &r) :
	    !dl_grain_next(&v->grain, &v->map, at, &r))
		return false;
	describe_region(e, &r);
	if (id)
		e->rule = DL_CTL_REGION_NO_RULE;
	return true;
}

static int list_regions(struct dl_volume *v, union dl_control_arg *arg, void *to, u32 max)
{
	struct dl_ctl_regions *a = &arg->regions;
	/* Far behind the end of the table is behind the end of it. */
	u32 at = min_t(u64, a->cursor, U32_MAX), ahead, n;
	struct dl_ctl_region *list = to, peek;
	int ret;

	a->known = 0;
	if (a->snapshot) {
		ret = dl_snapshot_map(v, a->snapshot, &a->known);
		if (ret)
			return ret;
	}
	for (n = 0; n < max && next_region(v, a->snapshot, &at, &list[n]); n++)
		;
	ahead = at;
	a->cursor = n == max && next_region(v, a->snapshot, &ahead, &peek) ? at : 0;
	return n;
}

static int do_granularity(union dl_control_arg *arg)
{
	if (arg->regions.pad)
		return -EINVAL;
	return dl_control_list(arg, sizeof(struct dl_ctl_region), REGIONS_MAX,
			       list_regions);
}

/* ---- events ---- */

static int do_wait(union dl_control_arg *arg)
{
	struct dl_ctl_wait *a = &arg->wait;
	struct dl_volume *v = enter(a->major, a->minor);
	u64 nr = a->event_nr, happened = 0;
	int ret;

	if (!v)
		return -ENODEV;
	ret = dl_event_wait(v, &nr, a->timeout_ms == DL_CTL_FOREVER ?
			    MAX_SCHEDULE_TIMEOUT :
			    (long)msecs_to_jiffies(a->timeout_ms), &happened);
	dl_volume_leave(v);
	a->event_nr = nr;
	a->happened = happened;
	return ret;
}

/* ---- which of them ---- */

static const struct op {
	int (*run)(union dl_control_arg *arg);
	size_t least;		/* as long as it was at first */
	size_t size;
} ops[] = {
#define OP(request, run, type, least) \
	[_IOC_NR(request)] = { run, least, sizeof(struct type) }
	OP(DL_CTL_VERSION, do_version, dl_ctl_version, 32),
	OP(DL_CTL_VOLUME_LIST, do_volume_list, dl_ctl_volumes, 24),
	OP(DL_CTL_STATUS, do_status, dl_ctl_status, 328),
	OP(DL_CTL_SNAPSHOT_CREATE, do_create, dl_ctl_snapshot_arg, 184),
	OP(DL_CTL_SNAPSHOT_DELETE, do_delete, dl_ctl_snapshot_arg, 184),
	OP(DL_CTL_SNAPSHOT_RENAME, do_rename, dl_ctl_snapshot_pair, 248),
	OP(DL_CTL_SNAPSHOT_LIST, do_snapshot_list, dl_ctl_snapshots, 32),
	OP(DL_CTL_REWIND, do_rewind, dl_ctl_snapshot_pair, 248),
	OP(DL_CTL_DIFF, do_diff, dl_ctl_diff, 184),
	OP(DL_CTL_WAIT_EVENT, do_wait, dl_ctl_wait, 32),
	OP(DL_CTL_POLICY_GET, do_policy_get, dl_ctl_policy, 144),
	OP(DL_CTL_POLICY_SET, do_policy_set, dl_ctl_policy, 144),
	OP(DL_CTL_GRANULARITY, do_granularity, dl_ctl_regions, 32),
	OP(DL_CTL_FORECAST, dl_control_forecast, dl_ctl_forecast, 32),
	OP(DL_CTL_WORKLOAD, dl_control_workload, dl_ctl_workload, 40),
#undef OP
};

static long control_ioctl(struct file *file, unsigned int request,
			  unsigned long address)
{
	void __user *user = (void __user *)address;
	size_t size = _IOC_SIZE(request);
	const struct op *op;
	union dl_control_arg arg;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (_IOC_TYPE(request) != DL_CTL_MAGIC ||
	    _IOC_DIR(request) != (_IOC_READ | _IOC_WRITE) ||
	    _IOC_NR(request) >= ARRAY_SIZE(ops) ||
	    !ops[_IOC_NR(request)].run)
		return -ENOTTY;
	op = &ops[_IOC_NR(request)];
	if (size < op->least)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, op->size, user, size);
	if (ret)
		return ret;
	if (arg.flags)
		return -EINVAL;
	/* Nothing is done of which nobody could be told. */
	if (copy_to_user(user, &arg, min(size, op->size)))
		return -EFAULT;
	ret = op->run(&arg);
	if (!ret && copy_to_user(user, &arg, min(size, op->size)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = DL_CTL_NODE,
	.nodename = DL_CTL_NODE,
	.mode = 0600,
	.fops = &control_fops,
};

int dl_control_init(void)
{
	return misc_register(&control);
}

void dl_control_exit(void)
{
	misc_deregister(&control);
}
