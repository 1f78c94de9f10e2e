/* SPDX-License-Identifier: MIT */
/* Network interfaces on the CLI's side: what an entry of vif=[...] means, and its descriptor. */
#ifndef TOOL_VIF_H
#define TOOL_VIF_H

#include "domain/domain.h"

#define VIF_ERROR_SIZE 400

/* Reads an entry in the syntax of xl-network-configuration(5), with tap= and forward= added. What
 * only other hosts' networks have (bridge, script ...) is accepted and changes nothing. Returns 0,
 * or -EINVAL with what is wrong in error. */
int vif_parse(const char *spec, struct config_vif *v, char error[VIF_ERROR_SIZE]);
/* An address of Xen's for interface n of the domain, always the same. */
void vif_make_mac(struct config_vif *v, const char *uuid, unsigned n);

/* Opens tap devices and starts the helpers of user-mode networks. Returns 0, or -errno with one
 * line logged and nothing left open. */
int vifs_open(const struct domain_config *c, struct domain_fds *fds);
void vifs_close(const struct domain_config *c, struct domain_fds *fds);

#endif
