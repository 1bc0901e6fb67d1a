"""The tables of :mod:`evals.corpora.rewording`: what may be said otherwise, and where this is sure.

A row is a line, and the next one where it ends in ``;;``; its pairs are parted by that and stay in
one half. A pair is ``before ~ words ~ after => other / other``: words in small letters, and what
may take their place where one of ``before`` stands directly before them and one of ``after``
directly behind ("!" before a list: none of it stands there).

Of what follows are named: DET a determiner, so that an object begins; ASK a determiner or the word
of an indirect question; NOUN a word in small letters; PLURAL one that ends as a plural; END the end
of a clause. Of what stands before: START the beginning of a field or of a clause of purpose; PLURAL
a plural that names no persons; MANNER no word that compares what follows.

In its frame a pair has one sense and is one part of speech, so that nothing has to be inflected,
and no condition comes or goes.
"""

from __future__ import annotations

#: Verbs before their object, in the base form: at the head of a goal, or after a word that only
#: such a verb follows ("I can", "able to"); TO: after one that an infinitive follows. What is added
#: is a verb without a meaning of its own.
VERBS = """
~view~DET => have a look at
~access~DET => gain access to
~use~DET => make use of
~download~DET => do a download of
TO~know~ASK => be aware of ;; I~know~ASK => am aware of ;; we they you~know~ASK => are aware of
~create~DET => make
~update~DET => make updates to
~edit~DET => make edits to
~manage~DET => do the management of
~track~DET => keep track of ;; ~keep track of~DET => track
~upload~DET => do an upload of
~review~DET => do a review of ;; ~do a review of~DET => review
~understand~ASK => gain an understanding of
~submit~DET => hand in
~delete~DET => carry out the deletion of
~search~DET => do a search of ;; ~search for~ => do a search for
~request~DET => make a request for ;; ~ask for~DET => make a request for
~perform~DET => carry out ;; ~conduct~DET => carry out ;; ~carry out~DET => perform
~compare~DET => make a comparison of
~remove~DET => carry out the removal of
~provide~DET => supply
~restrict~DET access => put restrictions on
~receive~DET => get
~monitor~DET => keep watch over
~generate~DET => produce
~assess~DET => make an assessment of
~choose~ASK => decide on
~describe~DET => give a description of
~analyse~DET => do an analysis of ;; ~analyze~DET => do an analysis of
~approve~DET => give approval to
~decide~which what whether how => make a decision on
~import~DET => do an import of
~export~DET => do an export of
~test~DET => run tests on
~configure~DET => do the configuration of
~install~DET => carry out the installation of
~deploy~DET => carry out the deployment of
~validate~DET => do a validation of
~evaluate~DET => carry out an evaluation of
~copy~DET => make a copy of
~modify~DET => make modifications to
~explain~DET => give an explanation of
~discuss~DET => have a discussion of
~translate~DET => do a translation of
~control~ASK => have control over
~need~DET => require
~estimate~ASK => make an estimate of
~go back to~ => return to ;; ~come back to~ => return to
~make sure~that the my our all => ensure ;; ~ensure~that => make sure
~browse~DET => look through ;; ~browse through~DET => look through
~take part in~ => participate in ;; ~participate in~ => take part in
"""

#: The head of a goal: "I want to have a list" is "I want a list".
HEADS = """
~have~a an =>
~have the ability to~ => ;; ~have the option to~ => ;; ~have the possibility to~ =>
~see~ASK => get to see
"""

#: Words and turns of phrase of one sense, in any place of a sentence that has their frame.
PHRASES = """
~information~ => info
START~I can~!not and or => I am able to / I have the possibility to ;;
START~we can~!not and or => we are able to / we have the possibility to ;;
START~they can~!not and or => they are able to / they have the possibility to ;;
START~others can~!not and or => others are able to ;;
START~users can~!not and or => users are able to ;; START~I am able to~ => I can
MANNER~easily~ => with ease
don't not~have to~ => need to ;; don't not I we they you will would~need to~ => have to
~everyone~ => everybody ;; ~anyone~ => anybody ;; ~someone~ => somebody ;; ~no one~ => nobody
be~notified~when of about that => given a notification
know see check determine tell decide~whether~!or => if ;;
know check tell~if~DET there it they I we => whether
!is are was were be been being~based on~ => on the basis of
~repository~ => repo ;; ~repositories~ => repos
~database~ => DB ;; ~databases~ => DBs
all~the~PLURAL => of the
for of on to in from by with at~each~NOUN => every
~in order to~ => to
~prior to~ => before
I we they users people~want to~ => wish to
~regularly~ => on a regular basis
~by using~ => with the help of
~instead of~ => rather than
~via~ => by way of
~such as~ => like
~currently~ => at present
MANNER~automatically~END if when as so to from by in => in an automatic way
~for example~ => for instance ;; ~e.g.~ => for instance
the any all~relevant~ => pertinent
a any~specific~NOUN => particular ;; a any~particular~NOUN => specific
the~appropriate~NOUN => suitable ;; ~an appropriate~NOUN => a suitable
~regarding~ => on the subject of ;; information details questions~about~ => on the subject of
the~entire~NOUN => whole ;; ~an entire~NOUN => a whole ;; the~whole~NOUN => entire
the any more all~additional~NOUN => further ;; ~an additional~NOUN => a further
PLURAL~that~are is were was have can will => which
the~latest~NOUN => most recent
~related to~ => connected with
MANNER~quickly~END => in a quick way ;; MANNER~correctly~END => in the correct way
MANNER~properly~END => in the proper way ;; MANNER~accurately~END => in an accurate way
!a little short long once worth~while~ => whilst
!a the some any more multiple~multiple~PLURAL => a number of
~without having to~ => with no need to
be am are I'm we're~sure~!to => certain
~etc.~ => and so on ;; ~etc~ => and so on
a the~method~to => way ;; a~way~to => means
all these those certain various what which~types of~ => kinds of ;;
a any what which this same specific~type of~ => kind of
~make decisions~ => take decisions ;; ~make informed decisions~ => take informed decisions
a the~list of~ => listing of
!a the~various~PLURAL => a variety of
am is are~responsible for~ => in charge of ;; am is are~in charge of~ => responsible for
~upcoming~NOUN => forthcoming
~enable me to~ => make it possible for me to ;; ~enable us to~ => make it possible for us to
!I we they it there the a not~should~!not I we they it there the a => ought to
is are be~useful~ => of use
is are~important~!enough => of importance
~on behalf of~ => in the name of
~at any time~ => at any moment
~until~ => till
~whenever~ => every time
~identifier~ => ID ;; ~identifiers~ => IDs
~configuration~ => config ;; ~configurations~ => configs
~user interface~ => UI ;; ~user interfaces~ => UIs
~specification~ => spec ;; ~specifications~ => specs
~virtual machine~ => VM ;; ~virtual machines~ => VMs
~pull request~ => PR ;; ~pull requests~ => PRs
~department~ => dept.
~approximately~ => approx.
~operating system~ => OS
~statistics~ => stats
~application programming interface~ => API
~frequently asked questions~ => FAQ
~organisation~ => org ;; ~organization~ => org
~laboratory~ => lab ;; ~laboratories~ => labs
the~website~ => site
"""

#: Whole roles; part of one stays as it is ("data manager" is no supervisor of data).
ROLES = """
researcher => person doing research
user => person who uses it
developer => software developer / programmer
archivist => keeper of the archive
site visitor => visitor to the site
moderator => person who moderates
collection curator => curator of the collection
staff member => member of staff
agency user => user at an agency
data manager => manager of the data
team member => member of the team
site editor => editor of the site
trainer => person who trains others
participant => person who takes part
api user => user of the API
repository manager => manager of the repository
user researcher => researcher of users
publisher => person who publishes
site member => member of the site
applicant => person who applies
site administrator => administrator of the site
site admin => admin of the site
ui designer => designer of the UI
broker user => user of the broker
stakeholder => person with a stake in it
owner => person who owns it
system administrator => administrator of the system
platform administrator => administrator of the platform
lab administrator => administrator of the lab
lab member => member of the lab
depositor => person making a deposit
estimator => person who makes estimates
website user => user of the website
visitor => person who visits it
tester => person who tests
designer => person who designs
operator => person who operates it
supervisor => person who supervises
student => person who studies
teacher => person who teaches
reviewer => person who reviews
maintainer => person who maintains it
editor => person who edits
reader => person who reads it
cluster operator => operator of a cluster
product owner => owner of the product
workshop attendee => person attending the workshop
collection owner => owner of the collection
donor representative => representative of a donor
content editor => editor of content
faculty member => member of the faculty
system operator => operator of the system
project manager => manager of the project
store owner => owner of the store
"""

#: Before a goal that is an action: that one is to have it. Each says no more than "I want to".
FRAMES = """
get the chance to
have a way to
have it in my power to
have the possibility to
have the opportunity to
have the means to
"""
#: Behind a goal: how it was spoken of.
ASIDES = """
, please
, as we said
, as has been mentioned
, as you know
, to put it briefly
, as I said
, as was said
, as you will have heard
"""
#: A sentence behind a paragraph that asks for nothing.
REMARKS = """
it came up at the last meeting
we have talked about this
this has been on the table for a while
so much for this point
it has been on our wish list for long
others have written about this too
this is what we heard
there is a note on this in the minutes
"""
#: A goal with its benefit in one clause; the benefit is then no field of its own.
REBUILT = """
get the chance to {goal}, because then {benefit}
have a way to {goal}; it matters to me that {benefit}
have it in my power to {goal}, and in this way {benefit}
have the possibility to {goal}, the point being that {benefit}
have the opportunity to {goal}, because in that way {benefit}
have the means to {goal}, which means that {benefit}
"""
#: Before a criterion that is a sentence.
EXPECTED = """
it is expected that {}
we agreed that {}
please note that {}
it has been settled that {}
our understanding is that {}
it goes without saying that {}
"""
#: First words of a goal that are verbs and nothing else, so that what follows is an action.
ACTIONS = """
know see get make understand read receive ensure provide edit delete add create perform assign have
include do identify select determine extract subscribe submit detect specify prevent associate
apply demonstrate attach generate describe develop assess grant navigate approve validate
derive redact normalise normalize save confirm customise customize configure embed choose find
connect keep send manage adjust enter install deploy define publish browse remove bring write
learn compare explore ask tell enable disable allow sell buy pay invite distinguish
translate begin continue become join
"""
#: Verbs that are nouns as well: only before their object is it sure that they are verbs.
NOUNS_TOO = """
view access search use share link import export check mark post move schedule request limit map
process package plan record report test review change set list filter sort display print document
control measure store track update upload download
"""
