// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one thing wrong, so that the lab's self-test can show that
 * the debug kernel's checkers are awake: insmod planted.ko bug=NAME.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "none, leak, use-after-free, lock-order, atomic-sleep, shift, warn");

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static DEFINE_MUTEX(sleeper);
static volatile int too_far = 40;

static void leak(void)
{
	char *volatile p;
	int i;

	for (i = 0; i < 10; i++) {
		p = kmalloc(77, GFP_KERNEL);
		if (p)
			p[0] = 1;
	}
	p = NULL;
}

static void use_after_free(void)
{
	volatile char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree((void *)p);
	p[3] = 1;
}

static void lock_order(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void atomic_sleep(void)
{
	spin_lock(&first);
	mutex_lock(&sleeper);
	mutex_unlock(&sleeper);
	spin_unlock(&first);
}

static int __init planted_init(void)
{
	if (!strcmp(bug, "leak"))
		leak();
	else if (!strcmp(bug, "use-after-free"))
		use_after_free();
	else if (!strcmp(bug, "lock-order"))
		lock_order();
	else if (!strcmp(bug, "atomic-sleep"))
		atomic_sleep();
	else if (!strcmp(bug, "shift"))
		pr_info("%d\n", 1 << too_far);
	else if (!strcmp(bug, "warn"))
		WARN_ON(1);
	return 0;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("Planted bugs for the self-test of the lab");
MODULE_LICENSE("GPL");
