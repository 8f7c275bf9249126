#include "launch/names.h"

#include <stdio.h>

/* Words in rows of one length need no pointers, which would have to be relocated at each start. */
static const char adjectives[][10] = { "amber", "bold", "brisk", "calm", "clever", "crisp", "dusky", "eager", "early", "fair",
	"fleet", "frosty", "gentle", "golden", "green", "happy", "hardy", "honest", "humble", "keen", "kind", "lively", "lucky",
	"mellow", "merry", "misty", "modest", "noble", "patient", "plain", "proud", "quick", "quiet", "rapid", "ready", "rosy",
	"rustic", "silent", "silver", "simple", "sleepy", "smooth", "snowy", "solid", "steady", "stout", "sunny", "swift", "tidy",
	"tranquil", "upright", "violet", "warm", "wary", "wild", "windy", "wise", "young" };

static const char nouns[][10] = { "acorn", "alder", "anvil", "badger", "barrel", "beacon", "birch", "bridge", "brook", "candle",
	"castle", "cedar", "cliff", "clover", "comet", "crane", "dune", "ember", "falcon", "fern", "finch", "forest", "gate",
	"glacier", "grove", "harbor", "hazel", "hedge", "heron", "hill", "island", "ivy", "kettle", "lantern", "larch", "linden",
	"maple", "marsh", "meadow", "mill", "moss", "otter", "owl", "pebble", "pine", "pond", "quarry", "raven", "reed", "river",
	"robin", "saddle", "sparrow", "spruce", "stone", "swan", "thistle", "tower", "valley", "willow", "wren" };

void names_host(char *ret, size_t size, const uint32_t random[3])
{
	(void)snprintf(ret, size, "%s-%s-%u", adjectives[random[0] % (sizeof adjectives / sizeof *adjectives)],
		nouns[random[1] % (sizeof nouns / sizeof *nouns)], random[2] % 10000);
}
