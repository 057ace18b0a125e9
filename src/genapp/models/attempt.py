"""One run of a generation by a worker: which model was asked, how it ended, what it used."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Boolean, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from genapp.models.generation import Generation
from genapp.models.user import User


class Attempt(Table, tablename="attempts"):
    """What was spent, and by whom. It outlives its generation: deleting an answer must not give its tokens back.

    `outcome` is completed, failed, cancelled, handed_back (its worker was stopped) or lost (killed). `estimated` where
    the vendor did not tell the usage, which it does at an answer's end only: four characters are taken for a token.
    `microdollars`, millionths of a dollar, is what it cost by GENAPP_PRICES when it ended; NULL where no price was
    known, and of what was lost.
    """

    id = BigSerial(primary_key=True)
    generation: ForeignKey[Generation] = ForeignKey(Generation, null=True, on_delete=OnDelete.set_null)
    user: ForeignKey[User] = ForeignKey(User, null=False)
    number = SmallInt()
    model = Varchar(length=200)
    outcome = Varchar(length=20, null=True, default=None)
    error_code = Varchar(length=50, null=True, default=None)
    input_tokens = Integer(default=0)
    output_tokens = Integer(default=0)
    estimated = Boolean(default=True)
    microdollars = BigInt(null=True, default=None)
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
