/* Names and rules of the D-Bus message bus, as desktop.dbus writes them. */
#ifndef BAILEY_BASE_BUS_H
#define BAILEY_BASE_BUS_H

/*
 * What is wrong with a well-known name, which may end in ".*" for itself and all names below it; NULL when nothing is. Names of single
 * connections (":1.5") and "*" alone are refused. The answer goes after "...": ".  D-Bus Specification, "Bus names".
 */
const char *bus_name_wrong(const char *text);

/*
 * The same for NAME=RULE with RULE = [METHOD][@PATH]: METHOD is "*", "an.interface.*" or "an.interface.Method", PATH an object's path,
 * which may end in "/" and "*".  xdg-dbus-proxy(1), --call.
 */
const char *bus_rule_wrong(const char *text);

#endif
