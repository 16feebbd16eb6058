package txn

func (v *rowView) judgeVisible(j *judging) {}
