/** The option that names a cloud. */
export const cloudNameFlag = { flags: '-n, --name <cloud>', description: 'the name of the cloud' } as const
