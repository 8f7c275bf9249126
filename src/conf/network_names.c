/* Apart from networks.c: programs that read no files know names too. */
#include <ctype.h>
#include <string.h>

#include "conf/networks.h"

bool device_name_valid(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > DEVICE_NAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127 || strchr("/:%\"\\", *p) != NULL)
			return false;
	return true;
}

bool network_name_valid(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > NETWORK_NAME_MAX || !isalpha((unsigned char)name[0]))
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!isascii((unsigned char)*p) || (!isalnum((unsigned char)*p) && strchr("-_", *p) == NULL))
			return false;
	return true;
}
