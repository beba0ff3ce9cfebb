export { createImports, type Imports, type ImportsOptions } from './imports.ts'
export { importMigrations } from './migrations.ts'
export { ImportError, type ImportFrom, type ImportRequest, type ImportStatus } from './model.ts'
