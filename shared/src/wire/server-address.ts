/** The command by which the operator asks the server that uses a data directory for its addresses. */
export const addressCommand = 'address'

/** Where a running server accepts connections on this machine. */
export type ServerAddress = {
  /** At least one. */
  readonly listen: readonly { readonly host: string; readonly port: number }[]
  readonly http: boolean
  /** The file of a configured certificate. */
  readonly tlsCert?: string | undefined
}
