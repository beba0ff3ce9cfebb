import { openApiOfServer } from './openapi.ts'

// Prints the OpenAPI document of the server, which a running server serves at /openapi.json.
process.stdout.write(JSON.stringify(await openApiOfServer()))
