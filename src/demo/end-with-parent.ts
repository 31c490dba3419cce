/**
 * Preloaded (`node --import`) into every process of the demo: a demo that is killed leaves nobody behind.
 * A hard exit: the Kafka client crashes on an ordinary one. Not waited for: the process may end before.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
