/* A doubly linked list whose links live in its members. The head is a link too, so no
 * case is special. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/compiler.h"

struct list_link {
	struct list_link *next;
	struct list_link *prev;
};

static inline void
list_init(struct list_link *head)
{
	head->next = head->prev = head;
}

static inline bool
list_is_empty(const struct list_link *head)
{
	return head->next == head;
}

static inline void
list_insert_between(
	struct list_link *link, struct list_link *prev, struct list_link *next)
{
	link->prev = prev;
	link->next = next;
	prev->next = link;
	next->prev = link;
}

static inline void
list_push_front(struct list_link *head, struct list_link *link)
{
	list_insert_between(link, head, head->next);
}

static inline void
list_push_back(struct list_link *head, struct list_link *link)
{
	list_insert_between(link, head->prev, head);
}

/* Take LINK off the list it is on; harmless on a link that is on none but was
 * initialised. */
static inline void
list_remove(struct list_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* The first link, or NULL. */
static inline struct list_link *
list_first(const struct list_link *head)
{
	return list_is_empty(head) ? NULL : head->next;
}

static inline struct list_link *
list_last(const struct list_link *head)
{
	return list_is_empty(head) ? NULL : head->prev;
}

#define LIST_FOR_EACH(link, head) \
	for (struct list_link *link = (head)->next; link != (head); link = link->next)

#endif
