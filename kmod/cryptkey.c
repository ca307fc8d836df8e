// SPDX-License-Identifier: GPL-2.0
/*
 * Keys: the user's from the keyring, the volume's own in the superblock, and what is
 * made of that. See crypt.h.
 *
 * No key is ever printed, nor where it would be in memory; what held one is cleared.
 */
#include <crypto/aead.h>
#include <crypto/hash.h>
#include <keys/user-type.h>
#include <linux/blkdev.h>
#include <linux/key.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "cryptkey.h"
#include "msg.h"

static const struct {
	const char *name, *alg;
} ciphers[DL_CIPHERS] = {
	[DL_CIPHER_AES_GCM] = { "aes-gcm", "gcm(aes)" },
	[DL_CIPHER_CHACHA] = {
		"chacha20-poly1305", "rfc7539(chacha20,poly1305)"
	},
};

const char *dl_cipher_name(u32 cipher)
{
	return cipher && cipher < DL_CIPHERS ? ciphers[cipher].name : "none";
}

u32 dl_cipher_of(const char *name)
{
	u32 i;

	for (i = 1; i < DL_CIPHERS; i++)
		if (!strcmp(name, ciphers[i].name))
			return i;
	return 0;
}

struct crypto_aead *dl_cipher_alloc(u32 cipher)
{
	/* It is used where memory may wait for what is being written. */
	struct crypto_aead *tfm = crypto_alloc_aead(ciphers[cipher].alg, 0,
						    CRYPTO_ALG_ALLOCATES_MEMORY);

	if (IS_ERR(tfm)) {
		dl_err("cipher %s is not to be had of this kernel: load the module that has %s",
		       ciphers[cipher].name, ciphers[cipher].alg);
		return tfm;
	}
	if (crypto_aead_ivsize(tfm) != DL_NONCE_BYTES ||
	    crypto_aead_setauthsize(tfm, DL_TAG_BYTES)) {
		crypto_free_aead(tfm);
		return ERR_PTR(-EINVAL);
	}
	return tfm;
}

int dl_crypt_derive(const struct dl_crypt *c, struct crypto_aead *tfm,
		    const char *what, u64 epoch)
{
	struct crypto_shash *hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	__le64 e = cpu_to_le64(epoch);
	u8 key[DL_KEY_BYTES], one = 1;
	int ret;

	if (IS_ERR(hmac)) {
		dl_err("hmac(sha256) is not to be had of this kernel: load its module");
		return PTR_ERR(hmac);
	}
	ret = crypto_shash_setkey(hmac, c->volume_key, DL_KEY_BYTES);
	if (!ret) {
		SHASH_DESC_ON_STACK(desc, hmac);

		desc->tfm = hmac;
		ret = crypto_shash_init(desc) ?:
			crypto_shash_update(desc, what, strlen(what)) ?:
			crypto_shash_update(desc, (u8 *)&e, sizeof(e)) ?:
			crypto_shash_finup(desc, &one, 1, key);
		shash_desc_zero(desc);
	}
	if (!ret)
		ret = crypto_aead_setkey(tfm, key, DL_KEY_BYTES);
	memzero_explicit(key, sizeof(key));
	crypto_free_shash(hmac);
	return ret;
}

/* ---- the user's key ---- */

/* ":<bytes>:<type>:<description>", as dm-crypt has it: the parts behind the length. */
static const char *parse(const char *text, struct key_type **type)
{
	static const char length[] = ":32:";

	if (strncmp(text, length, sizeof(length) - 1))
		return NULL;
	text += sizeof(length) - 1;
	if (!strncmp(text, "logon:", 6)) {
		*type = &key_type_logon;
		text += 6;
	} else if (!strncmp(text, "user:", 5)) {
		*type = &key_type_user;
		text += 5;
	} else {
		return NULL;
	}
	return *text ? text : NULL;
}

bool dl_crypt_key_ok(const char *key)
{
	struct key_type *type;

	return strlen(key) < DL_KEY_TEXT && parse(key, &type);
}

static int copy_payload(struct key *key, u8 *out)
{
	const struct user_key_payload *p;
	int ret = 0;

	down_read(&key->sem);
	p = user_key_payload_locked(key);
	if (!p)
		ret = -EKEYREVOKED;
	else if (p->datalen != DL_KEY_BYTES)
		ret = -EINVAL;
	else
		memcpy(out, p->data, DL_KEY_BYTES);
	up_read(&key->sem);
	return ret;
}

static int fetch(const char *text, u8 *out)
{
	struct key_type *type;
	const char *name = parse(text, &type);
	struct key *key;
	int ret;

	if (!name) {
		/* It may be the key itself: not to be repeated. */
		dl_err("key: ':32:logon:NAME' or ':32:user:NAME' is needed, which says where it is");
		return -EINVAL;
	}
	key = request_key(type, name, NULL);
	if (IS_ERR(key)) {
		ret = PTR_ERR(key);
		dl_err("key '%s': %s", text,
		       ret == -EKEYEXPIRED ? "it has expired" :
		       ret == -EKEYREVOKED ? "it was revoked" :
		       "no keyring of this process has it: add it with 'keyctl padd'");
		return ret;
	}
	ret = copy_payload(key, out);
	key_put(key);
	if (ret)
		dl_err("key '%s': %s", text, ret == -EINVAL ?
		       "it has not got 32 bytes" : "it was revoked");
	return ret;
}

/* ---- wrapping ---- */

struct wrap_work {
	struct scatterlist sg[3];
	struct crypto_wait wait;
	struct {
		u8 uuid[16];
		__le32 cipher;
	} aad;
	u8 nonce[DL_NONCE_BYTES];
	u8 key[DL_KEY_BYTES];	/* the user's */
	u8 data[DL_KEY_BYTES + DL_TAG_BYTES];
};

/* The one that the volume's key is wrapped with, whatever the log is encrypted with. */
static int wrap(struct wrap_work *w, const struct dl_super *sb, bool in)
{
	struct crypto_aead *tfm = dl_cipher_alloc(DL_CIPHER_AES_GCM);
	struct aead_request *req;
	int ret;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	memcpy(w->aad.uuid, sb->uuid, sizeof(w->aad.uuid));
	w->aad.cipher = cpu_to_le32(sb->crypt.cipher);
	req = aead_request_alloc(tfm, GFP_KERNEL);
	ret = req ? crypto_aead_setkey(tfm, w->key, DL_KEY_BYTES) : -ENOMEM;
	if (!ret) {
		sg_init_table(w->sg, 2);
		sg_set_buf(&w->sg[0], &w->aad, sizeof(w->aad));
		sg_set_buf(&w->sg[1], w->data, sizeof(w->data));
		crypto_init_wait(&w->wait);
		aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG |
					  CRYPTO_TFM_REQ_MAY_SLEEP,
					  crypto_req_done, &w->wait);
		aead_request_set_ad(req, sizeof(w->aad));
		aead_request_set_crypt(req, w->sg, w->sg, DL_KEY_BYTES +
				       (in ? 0 : DL_TAG_BYTES), w->nonce);
		ret = crypto_wait_req(in ? crypto_aead_encrypt(req) :
				      crypto_aead_decrypt(req), &w->wait);
	}
	aead_request_free(req);
	crypto_free_aead(tfm);
	return ret;
}

int dl_crypt_wrap(struct dl_crypt *c, const char *key, struct dl_super *sb)
{
	struct wrap_work *w = kzalloc(sizeof(*w), GFP_KERNEL);
	int ret;

	if (!w)
		return -ENOMEM;
	ret = fetch(key, w->key);
	if (!ret) {
		get_random_bytes(w->nonce, sizeof(w->nonce));
		memcpy(w->data, c->volume_key, DL_KEY_BYTES);
		ret = wrap(w, sb, true);
	}
	if (!ret) {
		sb->crypt.state = DL_CRYPT_KEYED;
		memcpy(sb->crypt.nonce, w->nonce, DL_NONCE_BYTES);
		memcpy(sb->crypt.wrapped, w->data, DL_KEY_BYTES);
		memcpy(sb->crypt.tag, w->data + DL_KEY_BYTES, DL_TAG_BYTES);
	}
	kfree_sensitive(w);
	return ret;
}

static int unwrap(struct dl_crypt *c, const struct dl_super *sb,
		  struct block_device *bdev)
{
	struct wrap_work *w = kzalloc(sizeof(*w), GFP_KERNEL);
	int ret;

	if (!w)
		return -ENOMEM;
	ret = fetch(c->key, w->key);
	if (!ret) {
		memcpy(w->nonce, sb->crypt.nonce, DL_NONCE_BYTES);
		memcpy(w->data, sb->crypt.wrapped, DL_KEY_BYTES);
		memcpy(w->data + DL_KEY_BYTES, sb->crypt.tag, DL_TAG_BYTES);
		ret = wrap(w, sb, false);
		if (ret == -EBADMSG) {
			dl_err("log %pg: key '%s' is not the one it was encrypted with",
			       bdev, c->key);
			ret = -EKEYREJECTED;
		}
	}
	if (!ret)
		memcpy(c->volume_key, w->data, DL_KEY_BYTES);
	kfree_sensitive(w);
	return ret;
}

int dl_crypt_unlock(struct dl_crypt *c, struct dl_super *sb,
		    struct block_device *bdev)
{
	int ret;

	c->on = false;
	if (!(sb->incompat & DL_FEATURE_CRYPT)) {
		if (!*c->key)
			return 0;
		dl_err("log %pg is not encrypted, which only 'deltalog create' could change: leave the option key out",
		       bdev);
		return -EINVAL;
	}
	if (!*c->key) {
		dl_err("log %pg is encrypted: name its key with the option 'key :32:logon:NAME'",
		       bdev);
		return -ENOKEY;
	}
	c->want = sb->crypt.cipher;
	/* Epochs and nonces are drawn as well. */
	ret = wait_for_random_bytes();
	if (ret)
		return ret;
	if (sb->crypt.state == DL_CRYPT_KEYED) {
		ret = unwrap(c, sb, bdev);
	} else if (!c->fresh ||
		   sb->cp_bytes != sizeof(struct dl_disk_checkpoint)) {
		/* One that is new has nothing in its checkpoint. */
		dl_err("log %pg has no key yet: if it is new give it one with the option new_key, and if it is not, somebody has tampered with it",
		       bdev);
		ret = -EKEYREJECTED;
	} else {
		get_random_bytes(c->volume_key, DL_KEY_BYTES);
		ret = dl_crypt_wrap(c, c->key, sb);
	}
	/* What is missing is to be missed here, where it can be said. */
	if (!ret)
		ret = dl_crypt_have_cp(c, sb->epoch);
	c->on = !ret;
	return ret;
}
