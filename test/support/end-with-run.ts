/**
 * Ends the process of a test file when the run that started it is gone, even killed: its services would go on, look for
 * a broker that is not there any more, and slow down whatever runs next. They end with this process (`startChild`).
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
