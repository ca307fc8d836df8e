// SPDX-License-Identifier: GPL-2.0
/*
 * Parsing and printing of table options, from one table. See options.h.
 *
 *   [<#opts> <opt>...]   opt: <name> <value> | <flag>
 *
 *   accept_origin   activate although the origin is not as the log left it
 *   accept_cut      activate although the log ends where it cannot be read
 *   zero_discards   take discards even if the origin must be zeroed by writing
 *   key TEXT        where the key is: ":32:logon:NAME", as dm-crypt has it
 *   new_key         a log that is blank, or has no key yet, is given one
 *   cipher NAME     for a log that is blank: aes-gcm, chacha20-poly1305
 *   policy TEXT     put in force when the table is live; ',' for each blank, and
 *                   ';' for the end of a line
 */
#include <linux/device-mapper.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core/fusion.h"
#include "core/policy.h"
#include "crypt.h"
#include "msg.h"
#include "options.h"

static_assert(DL_OPTION_KEY_BYTES == DL_KEY_TEXT);

struct option {
	const char *name;
	size_t offset;
	unsigned int dflt, min, max;
	bool online;		/* may change while the volume runs */
	const char *const *words;	/* what its numbers are called, if they are */
};

#define OPT(field, dflt, min, max, online) \
	{ #field, offsetof(struct dl_options, field), dflt, min, max, online, NULL }

static const char *const fusions[] = {
	[DL_FUSION_OFF] = "off", [DL_FUSION_ON] = "on", [DL_FUSION_AUTO] = "auto",
};

static const char *const switches[] = { "off", "on" };
static const char *const orders[] = {
	[DL_ORDER_AUTO] = "auto", [DL_ORDER_OLDEST] = "oldest",
};

static const struct option options[] = {
	OPT(commit_ms, 200, 1, 60000, true),
	OPT(reconcile_secs, 300, 1, 86400, true),
	{ "reconcile_order", offsetof(struct dl_options, reconcile_order),
	  DL_ORDER_AUTO, DL_ORDER_AUTO, DL_ORDER_OLDEST, true, orders },
	OPT(high_watermark, 50, 1, 95, true),
	OPT(low_watermark, 25, 0, 94, true),
	OPT(frame_mem_kib, 16384, 1100, 1 << 20, false),
	OPT(cache_mem_kib, 131072, 0, 1 << 20, true),
	OPT(delta_mem_kib, 32768, 64, 1 << 20, false),
	OPT(compression, 0, 0, 64, true),
	{ "foresight", offsetof(struct dl_options, foresight), 1, 0, 1, true, switches },
	OPT(full_within_secs, 600, 0, 2592000, true),
	OPT(max_records, 0, 4096, 1U << 31, false),
	OPT(segment_kib, 0, 0, 1 << 20, false),
	{ "fusion", offsetof(struct dl_options, fusion), DL_FUSION_AUTO,
	  DL_FUSION_OFF, DL_FUSION_AUTO, true, fusions },
	OPT(workload_kib, 512, 0, 1 << 16, false),
	OPT(segment_ms, 1000, 50, 60000, true),
	OPT(seal_secs, 60, 0, 86400, true),
	OPT(pool_kib, 0, 0, 1 << 20, true),
};

static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	{ "new_key", offsetof(struct dl_options, new_key) },
	{ "accept_origin", offsetof(struct dl_options, accept_origin) },
	{ "accept_cut", offsetof(struct dl_options, accept_cut) },
	{ "zero_discards", offsetof(struct dl_options, zero_discards) },
};

static bool *flag(struct dl_options *o, unsigned int i)
{
	return (void *)o + flags[i].offset;
}

static bool flag_set(const struct dl_options *o, unsigned int i)
{
	return *(const bool *)((const void *)o + flags[i].offset);
}

static bool raise_flag(struct dl_options *o, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(name, flags[i].name))
			continue;
		*flag(o, i) = true;
		return true;
	}
	return false;
}

static unsigned int *field(struct dl_options *o, const struct option *opt)
{
	return (void *)o + opt->offset;
}

static unsigned int value(const struct dl_options *o, const struct option *opt)
{
	return *(const unsigned int *)((const void *)o + opt->offset);
}

static const struct option *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(name, options[i].name))
			return &options[i];
	return NULL;
}

static int store_word(struct dl_options *o, const struct option *opt,
		      const char *text)
{
	unsigned int v;

	for (v = opt->min; v <= opt->max; v++)
		if (sysfs_streq(text, opt->words[v])) {
			*field(o, opt) = v;
			return 0;
		}
	dl_err("%s '%s': %s%s%s or %s is needed", opt->name, text,
	       opt->words[opt->min], opt->max - opt->min > 1 ? ", " : "",
	       opt->max - opt->min > 1 ? opt->words[opt->min + 1] : "",
	       opt->words[opt->max]);
	return -EINVAL;
}

static int store(struct dl_options *o, const struct option *opt,
		 const char *text)
{
	struct dl_options new = *o;
	unsigned int v;

	if (opt->words)
		return store_word(o, opt, text);
	if (kstrtouint(text, 10, &v) || v < opt->min || v > opt->max) {
		dl_err("%s '%s': a number from %u to %u is needed", opt->name,
		       text, opt->min, opt->max);
		return -EINVAL;
	}
	*field(&new, opt) = v;
	*o = new;
	return 0;
}

/* Of those that are not numbers: 1 if @name is none, or 0, -EINVAL. */
static int store_text(struct dl_options *o, const char *name, const char *text)
{
	u32 cipher;

	if (!strcmp(name, "key")) {
		if (!dl_crypt_key_ok(text)) {
			/* It may be the key itself: not to be repeated. */
			dl_err("key: ':32:logon:NAME' or ':32:user:NAME' is needed, which says where it is");
			return -EINVAL;
		}
		strscpy(o->key, text, sizeof(o->key));
		return 0;
	}
	if (strcmp(name, "cipher"))
		return 1;
	cipher = dl_cipher_of(text);
	if (!cipher) {
		dl_err("cipher '%s': aes-gcm or chacha20-poly1305 is needed",
		       text);
		return -EINVAL;
	}
	o->cipher = cipher;
	return 0;
}

/* Before anything is made of the log; what the volume has to say comes later. */
static int check_policy(const char *text)
{
	struct dl_policy *p = kmalloc(sizeof(*p), GFP_NOIO);
	struct dl_policy_error e;
	int ret = p ? 0 : -ENOMEM;

	if (p && strcmp(text, "default") &&
	    dl_policy_parse(p, text, strlen(text), &e) != DL_OK) {
		dl_err("policy, line %u, column %u: %s", e.line, e.column,
		       e.reason);
		ret = -EINVAL;
	}
	kfree(p);
	return ret;
}

static int check(const struct dl_options *o)
{
	if (o->low_watermark < o->high_watermark)
		return 0;
	dl_err("low_watermark %u must be below high_watermark %u",
	       o->low_watermark, o->high_watermark);
	return -EINVAL;
}

int dl_options_parse(struct dl_options *o, struct dm_arg_set *as,
		     const char **policy, char **error)
{
	static const struct dm_arg count = {
		0, 2 * (ARRAY_SIZE(options) + 3) + ARRAY_SIZE(flags),
		"Invalid number of options"
	};
	const struct option *opt;
	const char *name;
	unsigned int argc, i;
	int ret;

	*policy = NULL;
	memset(o, 0, sizeof(*o));
	o->cipher = DL_CIPHER_AES_GCM;
	for (i = 0; i < ARRAY_SIZE(options); i++)
		*field(o, &options[i]) = options[i].dflt;
	if (!as->argc)
		return 0;
	if (dm_read_arg_group(&count, as, &argc, error))
		return -EINVAL;
	while (argc) {
		name = dm_shift_arg(as);
		argc--;
		if (raise_flag(o, name))
			continue;
		if (argc && !strcmp(name, "policy")) {
			strreplace(as->argv[0], ',', ' ');
			*policy = dm_shift_arg(as);
			argc--;
			ret = check_policy(*policy);
			if (!ret)
				continue;
			*error = "Policy not understood";
			return ret;
		}
		opt = find(name);
		ret = argc ? store_text(o, name, as->argv[0]) : 1;
		if (ret < 0) {
			*error = "Option value not understood";
			return ret;
		}
		if (!ret) {
			dm_consume_args(as, 1);
			argc--;
			continue;
		}
		if (!opt && strcmp(name, "key") && strcmp(name, "cipher") &&
		    strcmp(name, "policy")) {
			dl_err("unknown option '%s'", name);
			*error = "Unknown option";
			return -EINVAL;
		}
		if (!argc) {
			dl_err("option '%s' needs a value", name);
			*error = "Option without a value";
			return -EINVAL;
		}
		argc--;
		if (store(o, opt, dm_shift_arg(as))) {
			*error = "Bad option value";
			return -EINVAL;
		}
	}
	if (as->argc) {
		dl_err("%u arguments too many after the options", as->argc);
		*error = "Too many arguments";
		return -EINVAL;
	}
	if (check(o)) {
		*error = "Watermarks in the wrong order";
		return -EINVAL;
	}
	return 0;
}

int dl_options_set(struct dl_options *o, const char *name, const char *text)
{
	const struct option *opt = find(name);
	struct dl_options new = *o;
	int ret;

	if (!opt)
		return -ENOENT;
	if (!opt->online)
		return -EPERM;
	ret = store(&new, opt, text) ?: check(&new);
	if (!ret)
		*o = new;
	return ret;
}

const char *dl_options_online(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].online && !n--)
			return options[i].name;
	return NULL;
}

static int show(const struct dl_options *o, const struct option *opt, char *buf,
		size_t size)
{
	unsigned int v = value(o, opt);

	return opt->words ? scnprintf(buf, size, "%s", opt->words[v]) :
		scnprintf(buf, size, "%u", v);
}

int dl_options_show(const struct dl_options *o, const char *name, char *buf,
		    size_t size)
{
	return show(o, find(name), buf, size);
}

/*
 * As one word of a table. The kernel would take blanks with a backslash before them,
 * but libdevmapper sends every backslash as two.
 */
static unsigned int emit_word(const char *text, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;

	for (; *text; text++)
		if (*text == '\n')
			DMEMIT(text[1] ? ";" : "");
		else
			DMEMIT("%c", *text == ' ' ? ',' : *text);
	return sz;
}

unsigned int dl_options_emit(const struct dl_options *o, const char *key,
			     const char *policy, char *result,
			     unsigned int maxlen)
{
	unsigned int sz = 0, n = 0, i;
	char text[16];

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (value(o, &options[i]) != options[i].dflt)
			n += 2;
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		n += flag_set(o, i);
	if (*key)
		n += 2;
	if (o->cipher != DL_CIPHER_AES_GCM)
		n += 2;
	if (policy)
		n += 2;
	if (!n)
		return 0;
	DMEMIT(" %u", n);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (value(o, &options[i]) != options[i].dflt) {
			show(o, &options[i], text, sizeof(text));
			DMEMIT(" %s %s", options[i].name, text);
		}
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (flag_set(o, i))
			DMEMIT(" %s", flags[i].name);
	if (*key)
		DMEMIT(" key %s", key);
	if (o->cipher != DL_CIPHER_AES_GCM)
		DMEMIT(" cipher %s", dl_cipher_name(o->cipher));
	if (policy) {
		DMEMIT(" policy ");
		sz += emit_word(policy, result + sz, maxlen - sz);
	}
	return sz;
}
