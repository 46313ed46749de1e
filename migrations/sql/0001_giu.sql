DROP SCHEMA dramatiq CASCADE;
-- As the administrator, who has both the owner's rights and the definer's: the functions are of the one or of the other.
SET LOCAL ROLE NONE;
DO $$
DECLARE p record; nostre text;
BEGIN
  FOR p IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename);
  END LOOP;
  -- together: some are written in terms of others
  SELECT string_agg(pr.oid::regprocedure::text, ', ') INTO nostre FROM pg_proc pr WHERE pr.pronamespace = 'public'::regnamespace
     AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = pr.oid AND d.deptype = 'e');
  EXECUTE 'DROP FUNCTION ' || nostre || ' CASCADE';
END $$;
SET LOCAL ROLE ambito_owner;
