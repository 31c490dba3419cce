throw new Error('no such plan');
