// Node's HTTP without what it brings along: an import reads every export of the module, and one of them loads a
// whole client, which is a tenth of a daemon's start and 6 MB for ever.

export const { createServer, request } = process.getBuiltinModule('node:http')
