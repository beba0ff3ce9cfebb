/**
 * What `first-run.json` holds, which a server writes when its data directory is new: all that is needed to sign in for the
 * first time. The two passwords are nowhere else in clear.
 */
export type FirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  readonly loginServer: string
  /** The base URL of the management API. */
  readonly resourceManager: string
  /** The certificate that clients have to trust; null where one was configured that they trust already, and over HTTP. */
  readonly caFile: string | null
  readonly owner: { readonly userPrincipalName: string; readonly password: string }
  readonly servicePrincipal: { readonly appId: string; readonly password: string }
}
