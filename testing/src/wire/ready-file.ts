/** The content of the ready file, see `acrux emulator --help`. */
export type Ready = {
  readonly url: string
  /** The origin of the control API. */
  readonly control: string
  readonly controlToken: string
  readonly resourceGroup: string
  readonly tenantId: string
  readonly subscriptionId: string
  readonly registry: string
  readonly loginServer: string
  /** The files of the authority; null over HTTP. */
  readonly caFile: string | null
  readonly caBundleFile: string | null
  readonly trustStoreFile: string | null
  readonly owner: { readonly appId: string; readonly secret: string }
}
