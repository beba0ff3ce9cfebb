/** What a program that uses an emulator must know: the content of the ready file of `acrux emulator`. */
export type ReadyDocument = {
  readonly url: string
  /** The origin of the control API. */
  readonly control: string
  readonly controlToken: string
  readonly pid: number
  readonly resourceGroup: string
  readonly tenantId: string
  readonly subscriptionId: string
  readonly registry: string
  readonly loginServer: string
  /** The authority of the emulator, in PEM. Null over HTTP, as are the next two files. */
  readonly caFile: string | null
  /** The authorities that this machine trusts, and the authority of the emulator. */
  readonly caBundleFile: string | null
  /** The authorities of `caBundleFile` as PKCS#12, for Java. */
  readonly trustStoreFile: string | null
  readonly owner: { readonly appId: string; readonly secret: string }
}
